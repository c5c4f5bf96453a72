"""A folder of images by PyTorch's DataLoader and Pillow, scaled to [-1, 1]."""

import pathlib

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from benchmarks.peers.torch_dcgan import use_all_cores
from benchmarks.reading import consume, images_per_second

WORKERS = 2


class Folder(Dataset):
    """The images of a folder as float32 [channels, height, width]."""

    def __init__(self, directory):
        self.files = sorted(pathlib.Path(directory).glob("*.png"))

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        with Image.open(self.files[index]) as image:
            pixels = np.asarray(image.convert("RGB"))
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float().div_(127.5).sub_(1.0)


def read(directory, batch, epoch):
    """Measures images per second; see `images_per_second`."""
    use_all_cores()

    def open_folder():
        loader = DataLoader(
            Folder(directory),
            batch_size=batch,
            shuffle=True,
            num_workers=WORKERS,
            persistent_workers=True,
        )
        return lambda: consume(iter(loader))

    return images_per_second(open_folder, epoch), {}
