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
/// What every example is called on, whatever the seed: one row, one key, none;
/// lengths on tiles, beside them, and primes; more rows than keys (the first
/// rows stand before the first key), chunks at other places than the end;
/// shared key heads.
std::vector<Shape> fixedShapes() {
  const int64_t lengths[][5] = {
      {1, 1, 1, 1, 1},    {1, 4, 2, 1, 130},  {2, 2, 1, 1, 64},   {1, 2, 2, 70, 1},  {1, 2, 1, 9, 0},
      {1, 2, 1, 0, 9},    {1, 1, 1, 64, 64},  {1, 2, 1, 128, 128}, {1, 1, 1, 63, 65}, {2, 1, 1, 65, 63},
      {1, 1, 1, 97, 257}, {1, 3, 1, 97, 101}, {1, 5, 5, 31, 37},  {2, 6, 3, 13, 17}, {1, 1, 1, 151, 149},
      {1, 2, 2, 150, 40}, {1, 2, 1, 100, 33}, {1, 8, 1, 33, 47},  {2, 8, 2, 20, 72},
  };
  const int64_t offsets[][6] = {{1, 2, 1, 48, 160, 40}, {1, 1, 1, 50, 120, 0}, {1, 2, 1, 40, 30, -35}, {1, 1, 1, 24, 90, 200}};
  std::vector<Shape> shapes;
  auto add = [&](const int64_t *at) -> Shape & {
    Shape shape;
    shape.b = at[0], shape.h = at[1], shape.g = at[2], shape.n = at[3], shape.m = at[4];
    shape.content = shapes.size();
    shape.strided = shapes.size() % 3 == 1;
    shapes.push_back(shape);
    return shapes.back();
  };
  for (const auto &at : lengths)
    add(at);
  for (const auto &at : offsets) {
    Shape &shape = add(at);
    shape.hasOffset = true;
    shape.offset = at[5];
  }
  return shapes;
}

/// What an emulated GPU is called on: one row and one key, lengths within a tile
/// and beside tiles of 64 to 192 rows and keys, chunks, shared key heads.
std::vector<Shape> emulatedShapes() {
  const int64_t lengths[][6] = {{1, 1, 1, 1, 1, 0}, {1, 2, 1, 33, 47, 0}, {1, 1, 1, 200, 150, 0}, {1, 2, 2, 1, 130, 0},
                                {1, 1, 1, 9, 0, 0}, {2, 2, 1, 20, 72, 0}, {1, 1, 1, 50, 120, 30}, {1, 1, 1, 97, 300, 0}};
  std::vector<Shape> shapes;
  for (const auto &at : lengths) {
    Shape shape;
    shape.b = at[0], shape.h = at[1], shape.g = at[2], shape.n = at[3], shape.m = at[4];
    shape.hasOffset = at[5] != 0;
    shape.offset = at[5];
    shape.content = 100 + shapes.size();
    shapes.push_back(shape);
  }
  return shapes;
}

/// "o tensor cores", "o simt (reason)", ..
std::string pathsOf(const Manifest &manifest) {
  std::string text;
  for (const Manifest::Kernel &kernel : manifest.kernels)
    text += (text.empty() ? "" : "; ") + kernel.name + " " + kernel.launch.path + (kernel.launch.reason.empty() ? "" : " (" + kernel.launch.reason + ")");
  return text;
}

bool hasMaps(const Manifest &manifest) {
  return std::any_of(manifest.kernels.begin(), manifest.kernels.end(), [](auto &kernel) { return !kernel.launch.maps.empty(); });
}

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
  bool blocks = std::any_of(program->tensors.begin(), program->tensors.end(), [](const core::Tensor &t) { return t.isSet(); });
  int64_t d = r.of<int64_t>({8, 16, 24, 32, 64, 80}), e = r.of<int64_t>({8, 16, 32, 40, 64});
  for (const core::Constant &constant : program->constants)
    if (constant.isLength)
      instance.lengths[constant.name] = constant.name == "D"   ? d
                                        : constant.name == "E" ? e
                                                               : r.of<int64_t>({4, 8, 16});
    else if (constant.type == core::Base::Int)
      instance.constants[constant.name] = double(blocks && r.chance(60) ? r.of<int64_t>({16, 32, 48, 64, 128}) : r.in(1, 6));
  return instance;
}
} // namespace

void differential::runExamples(const ExampleOptions &options, Totals &totals) {
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::directory_iterator(options.folder))
    if (entry.path().extension() == ".attn" && (options.only.empty() || entry.path().stem() == options.only))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<DType> dtypes = {DType::F32, DType::BF16, DType::F16};
  if (options.dtype)
    dtypes = {*options.dtype};
  inParallel(options.threads, int64_t(files.size() * dtypes.size()), [&](int64_t n) {
    const auto &path = files[size_t(n) / dtypes.size()];
    DType dtype = dtypes[size_t(n) % dtypes.size()];
    std::ifstream stream(path);
    std::stringstream text;
    text << stream.rdbuf();
    std::string name = path.stem().string();
    Random r(seedOf(uint64_t(options.seed), name + core::spelling(dtype)));
    Instance instance = smallInstance(text.str(), name, dtype, r);
    CompileOptions tiles = options.compile;
    bool emulated = !tiles.emulate.empty();
    if (options.tiles)
      tiles.schedule["rows"] = r.of<int64_t>({16, 32, 48, 64, 128}), tiles.schedule["cols"] = r.of<int64_t>({16, 32, 64, 96, 128});
    auto compiled = compile(text.str(), instance, totals, tiles);
    std::string complaint = compiled->error;
    std::vector<Shape> shapes = options.tiles ? std::vector<Shape>() : emulated ? emulatedShapes() : fixedShapes();
    for (int64_t k = 0; k < options.shapes; ++k)
      shapes.push_back(randomShape(r));
    // The hardware copies rows that lie side by side.
    if (compiled->callable && hasMaps(compiled->callable->manifest()))
      for (Shape &shape : shapes)
        shape.strided = false;
    Shape shape;
    for (size_t k = 0; complaint.empty() && k < shapes.size(); ++k) {
      complaint = check(*compiled, shape = shapes[k]);
      ++totals.calls;
    }
    if (options.table && compiled->callable) {
      std::lock_guard<std::mutex> lock(totals.printing);
      *options.table << (complaint.empty() ? "ok " : "bad ") << name << ' ' << core::spelling(dtype) << ": " << pathsOf(compiled->callable->manifest()) << std::endl;
    }
    if (complaint.empty())
      return;
    ++totals.failures;
    std::string schedule;
    for (auto &[key, value] : tiles.schedule)
      schedule += ", " + key + " = " + std::to_string(value);
    std::lock_guard<std::mutex> lock(totals.printing);
    std::cout << "FAILED: " << name << " (" << describe(instance) << schedule << "), " << shape.print() << ": " << complaint
              << std::endl;
  });
}
