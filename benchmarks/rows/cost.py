"""Time and memory of a DCGAN step as images and batches grow."""

from benchmarks.row import Row, Subject

WIDTH = 32
SIZES = (32, 64, 128)
BATCHES = (16, 64, 256)


def table(results):
    """Returns a line of Markdown for each size and batch."""
    lines = [
        "| image | batch | ms a step | multiply-adds a step | G multiply-adds/s | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        if result.error:
            lines.append(f"| {result.name} | | {result.error} | | | |")
            continue
        size, _, batch = result.name.partition(", batch ")
        count, rate = result.facts["multiply_adds"], result.median / int(batch)
        lines.append(
            f"| {size} | {batch} | {1000 / rate:,.0f} | {count / 1e9:,.2f} G "
            f"| {count * rate / 1e9:,.1f} | {result.peak_megabytes:,.0f} MB |"
        )
    return lines


ROWS = (
    Row(
        "cost",
        f"Cost as work grows: DCGAN step, width {WIDTH}, kernel 4, float32",
        "images/s",
        tuple(
            Subject(
                f"{size}x{size}, batch {batch}",
                "benchmarks.ours:dcgan_step",
                {"batch": batch, "image_size": size, "width": WIDTH},
            )
            for size in SIZES
            for batch in BATCHES
        ),
        in_turn=False,
        on_request=True,
        table=table,
    ),
)
