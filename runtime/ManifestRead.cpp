#include "runtime/JsonNames.h"
#include "runtime/JsonReader.h"
#include "runtime/ManifestJson.h"
#include <limits>

using namespace attn;

namespace {

constexpr int64_t maxSlots = 4080; // the frame is a kernel parameter: 32 KB are there
constexpr size_t maxList = 1024;
constexpr int64_t int64Min = std::numeric_limits<int64_t>::min(), int64Max = std::numeric_limits<int64_t>::max();

template <class T> T word(const JsonReader &reader, T otherwise) {
  std::string text = reader.text();
  if (!fromJsonName(text, otherwise))
    reader.fail("`" + text + "` is no word that is known here");
  return otherwise;
}

std::string dtype(const JsonReader &reader) {
  std::string text = reader.text();
  if (!core::parseDType(text))
    reader.fail("`" + text + "` is no element type");
  return text;
}

std::vector<int64_t> shape(const JsonReader &reader) {
  return reader.list<int64_t>(8, [](const JsonReader &r) { return r.integer(0, int64_t(1) << 40); });
}

double number(const JsonReader &reader) {
  if (!reader.isText())
    return reader.real();
  std::string text = reader.text();
  if (text != "inf" && text != "-inf" && text != "nan")
    reader.fail("a number is needed");
  double inf = std::numeric_limits<double>::infinity();
  return text == "inf" ? inf : text == "-inf" ? -inf : std::numeric_limits<double>::quiet_NaN();
}

/// Position of a name among named things.
template <class T> int place(const JsonReader &reader, const std::vector<T> &things) {
  std::string name = reader.text();
  for (size_t n = 0; n < things.size(); ++n)
    if (things[n].name == name)
      return int(n);
  reader.fail("there is no `" + name + "`");
  return 0;
}

core::ExprPtr expression(const JsonReader &reader, const core::Program &program, int depth = 0) {
  auto expr = std::make_shared<core::Expr>();
  if (depth > 64) {
    reader.fail("the expression is nested too deeply");
  } else if (reader.isBoolean()) {
    expr->op = core::Op::Bool;
    expr->integer = reader.boolean();
  } else if (reader.has("real")) {
    expr->op = core::Op::Real;
    expr->real = number(reader.member("real"));
  } else if (reader.has("extent")) {
    expr->op = core::Op::Extent;
    expr->id = place(reader.member("extent"), program.axes);
  } else if (reader.has("param")) {
    expr->op = core::Op::Param;
    expr->id = place(reader.member("param"), program.params);
  } else if (reader.has("op")) {
    expr->op = word(reader.member("op"), core::Op::Add);
    expr->args = reader.member("args").list<core::ExprPtr>(3, [&](const JsonReader &r) { return expression(r, program, depth + 1); });
  } else {
    expr->integer = reader.integer(int64Min, int64Max);
  }
  return expr;
}

core::Program signature(const JsonReader &reader) {
  core::Program program;
  program.name = reader.member("name").text();
  if (reader.has("doc"))
    program.doc = reader.member("doc").text();
  program.dtype = core::parseDType(dtype(reader.member("dtype"))).value_or(core::DType::F32);
  program.axes = reader.member("axes").list<core::Axis>(64, [](const JsonReader &r) { return core::Axis{r.text(), {}, nullptr}; });
  if (program.axes.size() < 5)
    reader.member("axes").fail("the axes B, H, G, N and M are needed");
  program.constants = reader.member("constants").list<core::Constant>(maxList, [](const JsonReader &r) {
    return core::Constant{r.member("name").text(), word(r.member("type"), core::Base::Int), number(r.member("value")), r.member("length").boolean()};
  });
  JsonReader params = reader.member("params");
  params.list<int>(maxList, [&](const JsonReader &r) {
    core::Param param;
    param.name = r.member("name").text();
    param.type = word(r.member("type"), core::Base::Int);
    if (r.has("default"))
      param.defaultValue = expression(r.member("default"), program); // of earlier ones
    if (r.has("doc"))
      param.doc = r.member("doc").text();
    program.params.push_back(param);
    return 0;
  });
  program.tensors = reader.member("tensors").list<core::Tensor>(maxList, [&](const JsonReader &r) {
    core::Tensor tensor;
    tensor.name = r.member("name").text();
    tensor.axes = r.member("axes").list<int>(8, [&](const JsonReader &a) { return place(a, program.axes); });
    tensor.shape = shape(r.member("shape"));
    tensor.dtype = core::parseDType(dtype(r.member("dtype"))).value_or(core::DType::F32);
    if (r.has("default"))
      tensor.defaultValue = expression(r.member("default"), program);
    if (r.has("doc"))
      tensor.doc = r.member("doc").text();
    return tensor;
  });
  return program;
}

int slot(const JsonReader &reader) { return int(reader.integer(0, maxSlots)); }

Manifest::Buffer tensor(const JsonReader &reader, bool buffer) {
  Manifest::Buffer t;
  t.name = reader.member("name").text();
  t.labels = reader.member("labels").list<std::string>(8, [](const JsonReader &r) { return r.text(); });
  t.shape = shape(reader.member("shape"));
  t.dtype = dtype(reader.member("dtype"));
  t.output = reader.member("output").boolean();
  t.slot = slot(reader.member("slot"));
  if (buffer)
    t.bytesSlot = slot(reader.member("bytesSlot"));
  return t;
}

Manifest::TensorMap map(const JsonReader &reader) {
  Manifest::TensorMap m;
  m.tensor = int(reader.member("tensor").integer(0, maxList));
  m.buffer = reader.member("buffer").boolean();
  m.rowLabel = reader.member("rowLabel").text();
  std::vector<int64_t> box = reader.member("box").list<int64_t>(2, [](const JsonReader &r) { return r.integer(1, 256); });
  if (box.size() != 2)
    reader.member("box").fail("two sides are needed");
  else
    std::copy(box.begin(), box.end(), m.box);
  return m;
}

Manifest::Kernel kernel(const JsonReader &reader) {
  Manifest::Kernel k;
  k.name = reader.member("name").text();
  k.itemsSlot = slot(reader.member("itemsSlot"));
  k.rows = reader.member("rows").integer(0, 1 << 20);
  k.cols = reader.member("cols").integer(0, 1 << 20);
  Manifest::Launch &l = k.launch;
  l.entry = reader.member("entry").text();
  l.threads = int(reader.member("threads").integer(1, 1024));
  l.sharedBytes = reader.member("sharedBytes").integer(0, 1 << 20);
  l.scratchBytes = reader.member("scratchBytes").integer(0, int64_t(1) << 40);
  l.itemsPerBlock = int(reader.member("itemsPerBlock").integer(1, 1 << 20));
  l.blocksPerSm = int(reader.member("blocksPerSm").integer(1, 64));
  l.maps = reader.member("maps").list<Manifest::TensorMap>(32, map);
  l.path = reader.member("path").text();
  l.reason = reader.member("reason").text();
  l.registers = int(reader.member("registers").integer(0, 1024));
  return k;
}

Manifest::SizeStep step(const JsonReader &reader) {
  std::string text = reader.text();
  size_t space = text.find(' ');
  Manifest::SizeStep s;
  bool known = fromJsonName(text.substr(0, space), s.op);
  if (known && space != text.npos) {
    char *end = nullptr;
    s.value = std::strtoll(text.c_str() + space + 1, &end, 10);
    known = !*end && end != text.c_str() + space + 1;
  }
  if (!known || (s.op <= Manifest::SizeStep::Store) != (space != text.npos))
    reader.fail("`" + text + "` is no step of a size program");
  return s;
}

Manifest manifest(const JsonReader &reader) {
  Manifest m;
  m.name = reader.member("name").text();
  m.target = reader.member("target").text();
  m.slots = int(reader.member("slots").integer(1, maxSlots));
  m.threadsSlot = slot(reader.member("threadsSlot"));
  m.tensors = reader.member("tensors").list<Manifest::Tensor>(maxList, [](const JsonReader &r) -> Manifest::Tensor { return tensor(r, false); });
  m.buffers = reader.member("buffers").list<Manifest::Buffer>(maxList, [](const JsonReader &r) { return tensor(r, true); });
  m.scalars = reader.member("scalars").list<Manifest::Scalar>(maxList, [](const JsonReader &r) {
    return Manifest::Scalar{r.member("name").text(), word(r.member("kind"), Manifest::ScalarKind::Int), slot(r.member("slot"))};
  });
  m.extents = reader.member("extents").list<Manifest::Extent>(
      maxList, [](const JsonReader &r) { return Manifest::Extent{r.member("label").text(), slot(r.member("slot"))}; });
  m.kernels = reader.member("kernels").list<Manifest::Kernel>(maxList, kernel);
  m.sizes = reader.member("sizes").list<Manifest::SizeStep>(1 << 16, step);
  if (reader.good())
    if (std::string wrong = validate(m); !wrong.empty())
      reader.fail(wrong);
  return m;
}

Binary binary(const JsonReader &reader) {
  Binary b;
  b.file = reader.member("file").text();
  if (b.file.empty() || b.file.front() == '.' || b.file.find_first_of(std::string("/\\\0", 3)) != std::string::npos)
    reader.member("file").fail("the name of a file in the same folder is needed");
  b.size = uint64_t(reader.member("bytes").integer(0, int64_t(1) << 32));
  b.hash = reader.member("fnv64").bits();
  return b;
}

Image image(const JsonReader &reader) {
  Image i;
  i.target = reader.member("target").text();
  i.manifest = manifest(reader.member("manifest"));
  if (reader.has("cubin"))
    i.cubin = binary(reader.member("cubin"));
  if (reader.has("ptx"))
    i.ptx = binary(reader.member("ptx"));
  return i;
}

} // namespace

std::optional<Artifact> attn::fromJson(const std::string &text, std::string &error) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded() || !value.is_object()) {
    error = "this is no JSON object";
    return std::nullopt;
  }
  error.clear();
  JsonReader reader(value, "", error);
  if (reader.member("format").text() != "attn")
    reader.member("format").fail("this is no artifact");
  int64_t version = reader.member("version").integer(1, int64Max);
  if (reader.good() && version != Artifact::Version)
    reader.member("version").fail("version " + std::to_string(version) + " is not known here, only " + std::to_string(Artifact::Version));
  Artifact artifact;
  if (reader.good()) {
    artifact.name = reader.member("name").text();
    artifact.variants = reader.member("variants").list<Variant>(1 << 16, [](const JsonReader &r) {
      return Variant{signature(r.member("signature")), r.member("images").list<Image>(64, image)};
    });
  }
  if (!reader.good())
    return std::nullopt;
  return artifact;
}
