#include "Check.h"
#include "frontend/Parser.h"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace attn;
using namespace differential;
using core::DType;

namespace {
/// Small lengths and constants, so that windows and blocks end inside a shape.
Instance smallInstance(const std::string &text, const std::string &name, DType dtype, Random &r) {
  Instance instance;
  instance.pattern = name;
  instance.dtype = dtype;
  SourceMap sources;
  Diagnostics diagnostics;
  uint32_t file = sources.add(name, text);
  ast::File tree = parse(sources, file, diagnostics);
  auto program = diagnostics.hasErrors() ? std::nullopt : analyze(tree, sources, instance, diagnostics);
  if (!program)
    return instance;
  int64_t d = r.of<int64_t>({8, 16, 32, 64}), e = r.of<int64_t>({8, 16, 32, 64});
  for (const core::Constant &constant : program->constants)
    if (constant.isLength)
      instance.lengths[constant.name] = constant.name == "D"   ? d
                                        : constant.name == "E" ? e
                                                               : r.of<int64_t>({4, 8, 16});
    else if (constant.type == core::Base::Int)
      instance.constants[constant.name] = double(r.in(1, 6));
  return instance;
}
} // namespace

void differential::runExamples(const std::string &folder, const std::string &dtype, int64_t shapes, int64_t seed,
                               int64_t threads, Totals &totals) {
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".attn")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<DType> dtypes = {DType::F32, DType::BF16, DType::F16};
  if (auto only = core::parseDType(dtype))
    dtypes = {*only};
  inParallel(threads, int64_t(files.size() * dtypes.size()), [&](int64_t n) {
    const auto &path = files[size_t(n) / dtypes.size()];
    DType storage = dtypes[size_t(n) % dtypes.size()];
    std::ifstream stream(path);
    std::stringstream text;
    text << stream.rdbuf();
    std::string name = path.stem().string();
    Random r(seedOf(uint64_t(seed), name + core::spelling(storage)));
    Instance instance = smallInstance(text.str(), name, storage, r);
    auto compiled = compile(text.str(), instance, totals);
    std::string complaint = compiled->error;
    Shape shape;
    for (int64_t k = 0; complaint.empty() && k < shapes; ++k) {
      complaint = check(*compiled, shape = randomShape(r));
      ++totals.calls;
    }
    if (complaint.empty())
      return;
    ++totals.failures;
    std::lock_guard<std::mutex> lock(totals.printing);
    std::cout << "FAILED: " << name << " (" << describe(instance) << "), " << shape.print() << ": " << complaint
              << std::endl;
  });
}
