// Loads a SavedModel as TensorFlow Serving does and answers its warm-up file, one line a request:
// the signature, and the shape of each output by name.
//
// The messages of the file are not in TensorFlow's headers. All their fields are strings or
// messages, which look alike: a tag, a length, bytes.
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/io/coded_stream.h"
#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor.pb.h"
#include "tensorflow/core/lib/io/record_reader.h"
#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/public/session_options.h"

using Fields = std::multimap<int, std::string>;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status.ToString() << std::endl;
  std::exit(1);
}

Fields Parse(const std::string& message) {
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t*>(message.data()), message.size());
  Fields fields;
  while (uint32_t tag = stream.ReadTag()) {
    uint32_t length = 0;
    std::string value;
    if ((tag & 7) != 2 || !stream.ReadVarint32(&length) || !stream.ReadString(&value, length)) {
      std::cerr << "not a message of strings: tag " << tag << std::endl;
      std::exit(1);
    }
    fields.emplace(tag >> 3, value);
  }
  return fields;
}

std::string Only(const Fields& fields, int number) { return fields.find(number)->second; }

int main(int argc, char** argv) {
  const std::string directory = argv[1];
  tensorflow::SavedModelBundle bundle;
  Check(tensorflow::LoadSavedModel(tensorflow::SessionOptions(), tensorflow::RunOptions(),
                                   directory, {"serve"}, &bundle));
  const auto& signatures = bundle.meta_graph_def.signature_def();

  std::unique_ptr<tensorflow::RandomAccessFile> file;
  Check(tensorflow::Env::Default()->NewRandomAccessFile(
      directory + "/assets.extra/tf_serving_warmup_requests", &file));
  tensorflow::io::RecordReader reader(file.get());
  uint64_t offset = 0;
  tensorflow::tstring record;
  while (reader.ReadRecord(&offset, &record).ok()) {
    const Fields request = Parse(Only(Parse(Only(Parse(record), 6)), 1));
    const std::string name = Only(Parse(Only(request, 1)), 3);
    const auto& signature = signatures.at(name);
    std::vector<std::pair<std::string, tensorflow::Tensor>> inputs;
    auto [first, last] = request.equal_range(2);
    for (auto entry = first; entry != last; ++entry) {
      const Fields pair = Parse(entry->second);
      tensorflow::TensorProto proto;
      tensorflow::Tensor tensor;
      if (!proto.ParseFromString(Only(pair, 2)) || !tensor.FromProto(proto)) return 1;
      inputs.emplace_back(signature.inputs().at(Only(pair, 1)).name(), tensor);
    }
    std::cout << name;
    for (const auto& [key, output] : signature.outputs()) {
      std::vector<tensorflow::Tensor> answers;
      Check(bundle.session->Run(inputs, {output.name()}, {}, &answers));
      std::cout << " " << key << " " << answers[0].shape().DebugString();
    }
    std::cout << std::endl;
  }
  return 0;
}
