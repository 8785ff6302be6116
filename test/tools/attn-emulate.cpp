// attn-emulate FILE.ptx [options]: runs an entry on buffers named on the
// command line and prints the emulator's report. Exit 1: findings; 2: a fault in
// the file or the command.
//
//   --entry NAME --grid X,Y,Z --block X,Y,Z --shared BYTES
//   --in NAME=TYPE[COUNT]:FILL     bf16 f16 f32 i32 u32 i64 u8; FILL: random zero iota NUMBER
//   --out NAME=TYPE[COUNT]         writable, all bits set at first
//   --map NAME=BUFFER,dims=AxB,box=AxB,swizzle=0|32|64|128[,strides=BYTESx...]
//   --arg NAME | NAME+BYTES | i32:N | u32:N | i64:N | f32:X    in order of the parameters
//   --schedule eager|lazy|random|producer-first|all --seed N --resident N --no-checks
//   --print NAME[:COUNT]  --entries  --statistics
//   --mutate[=N]          faults, at most N of a kind, against the results of the file as it is
#include "runtime/Half.h"
#include "runtime/emulator/Mutate.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

using namespace attn;
using namespace attn::emu;

namespace {

[[noreturn]] void fail(const std::string &message) {
  std::fprintf(stderr, "attn-emulate: %s\n", message.c_str());
  std::exit(2);
}

std::vector<std::string> split(const std::string &text, char by) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, by);)
    parts.push_back(part);
  return parts;
}
uint64_t number(const std::string &text) {
  char *end = nullptr;
  uint64_t value = std::strtoull(text.c_str(), &end, 0);
  if (text.empty() || *end)
    fail("'" + text + "' is not a number");
  return value;
}
Dim3 dimensions(const std::string &text) {
  std::vector<std::string> parts = split(text, ',');
  Dim3 d;
  uint32_t *places[] = {&d.x, &d.y, &d.z};
  for (size_t i = 0; i < parts.size() && i < 3; ++i)
    *places[i] = uint32_t(number(parts[i]));
  return d;
}

struct Buffer {
  std::string name, type;
  size_t count = 0;
  bool writable = false;
  std::vector<uint8_t> bytes;

  size_t size() const { return type == "u8" ? 1 : type == "bf16" || type == "f16" ? 2 : type == "i64" ? 8 : 4; }
  double get(size_t i) const {
    uint64_t bits = 0;
    std::memcpy(&bits, &bytes[i * size()], size());
    return type == "bf16"  ? fromBF16(uint16_t(bits))
           : type == "f16" ? fromF16(uint16_t(bits))
           : type == "f32" ? floatOf(uint32_t(bits))
           : type == "i32" ? int32_t(bits)
                           : double(int64_t(bits));
  }
  void set(size_t i, double x) {
    uint64_t bits = type == "bf16"  ? toBF16(float(x))
                    : type == "f16" ? toF16(float(x))
                    : type == "f32" ? bitsOf(float(x))
                                    : uint64_t(int64_t(x));
    std::memcpy(&bytes[i * size()], &bits, size());
  }
};

struct Setup {
  std::string file, entry, schedule = "all";
  Launch call;
  std::vector<Buffer> buffers;
  std::vector<std::string> maps, arguments, prints;
  Options options;
  bool entries = false, statistics = false, mutate = false;
  uint64_t perKind = 0, seeds = 4;
};

/// NAME=TYPE[COUNT]:FILL
Buffer bufferFrom(const std::string &spec, bool writable, uint32_t seed) {
  size_t equals = spec.find('='), open = spec.find('['), close = spec.find(']');
  if (equals == std::string::npos || open == std::string::npos || close == std::string::npos || open < equals)
    fail("'" + spec + "' is not NAME=TYPE[COUNT]");
  Buffer b;
  b.name = spec.substr(0, equals);
  b.type = spec.substr(equals + 1, open - equals - 1);
  b.count = number(spec.substr(open + 1, close - open - 1));
  b.writable = writable;
  if (b.count > 1u << 28)
    fail("'" + b.name + "' is too large");
  b.bytes.assign(b.count * b.size(), 0xff);
  if (writable)
    return b;
  std::string fill = close + 1 < spec.size() ? spec.substr(close + 2) : "random";
  std::mt19937 generator(seed);
  for (size_t i = 0; i < b.count; ++i)
    b.set(i, fill == "random" ? double(generator() >> 8) / (1 << 23) - 1
             : fill == "iota" ? double(i)
             : fill == "zero" ? 0
                              : std::strtod(fill.c_str(), nullptr));
  return b;
}

Setup read(int argc, char **argv) {
  Setup s;
  for (int i = 1; i < argc; ++i) {
    std::string a = argv[i];
    if (a.compare(0, 2, "--")) {
      s.file = a;
      continue;
    }
    std::string value;
    auto next = [&]() -> std::string {
      if (i + 1 >= argc)
        fail(a + " needs a value");
      return argv[++i];
    };
    if (a == "--entry")
      s.call.entry = next();
    else if (a == "--grid")
      s.call.grid = dimensions(next());
    else if (a == "--block")
      s.call.block = dimensions(next());
    else if (a == "--shared")
      s.call.dynamicShared = uint32_t(number(next()));
    else if (a == "--in")
      s.buffers.push_back(bufferFrom(next(), false, uint32_t(s.buffers.size() + 1)));
    else if (a == "--out")
      s.buffers.push_back(bufferFrom(next(), true, 0));
    else if (a == "--map")
      s.maps.push_back(next());
    else if (a == "--arg")
      s.arguments.push_back(next());
    else if (a == "--schedule")
      s.schedule = next();
    else if (a == "--seed")
      s.options.seed = number(next());
    else if (a == "--resident")
      s.options.residentCtas = uint32_t(number(next()));
    else if (a == "--no-checks")
      s.options.checks = false;
    else if (a == "--print")
      s.prints.push_back(next());
    else if (a == "--entries")
      s.entries = true;
    else if (a == "--statistics")
      s.statistics = true;
    else if (a == "--mutate")
      s.mutate = true;
    else if (a.compare(0, 9, "--mutate=") == 0)
      s.mutate = true, s.perKind = number(a.substr(9));
    else
      fail("unknown option '" + a + "'");
  }
  if (s.file.empty())
    fail("no file");
  return s;
}

Buffer *find(std::vector<Buffer> &buffers, const std::string &name) {
  for (Buffer &b : buffers)
    if (b.name == name)
      return &b;
  return nullptr;
}

TensorMap mapFrom(const std::string &spec, std::vector<Buffer> &buffers) {
  std::vector<std::string> parts = split(spec.substr(spec.find('=') + 1), ',');
  Buffer *b = parts.empty() ? nullptr : find(buffers, parts[0]);
  if (!b)
    fail("'" + spec + "' names no buffer");
  TensorMap map;
  map.base = b->bytes.data();
  map.elementBytes = uint8_t(b->size());
  bool strides = false;
  for (size_t i = 1; i < parts.size(); ++i) {
    std::string key = parts[i].substr(0, parts[i].find('=')), value = parts[i].substr(parts[i].find('=') + 1);
    std::vector<std::string> numbers = split(value, 'x');
    for (size_t k = 0; k < numbers.size() && k < 5; ++k) {
      if (key == "dims")
        map.dims[k] = number(numbers[k]), map.rank = uint8_t(k + 1);
      else if (key == "box")
        map.box[k] = uint16_t(number(numbers[k]));
      else if (key == "strides" && k < 4)
        map.strides[k] = number(numbers[k]), strides = true;
      else if (key == "swizzle")
        map.swizzle = value == "128"  ? Swizzle::B128
                      : value == "64" ? Swizzle::B64
                      : value == "32" ? Swizzle::B32
                                      : Swizzle::None;
      else
        fail("unknown part '" + parts[i] + "' of a map");
    }
  }
  for (int d = 0; d + 1 < map.rank && !strides; ++d)
    map.strides[d] = map.dims[d] * (d ? map.strides[d - 1] : map.elementBytes);
  return map;
}

Report runOn(const Setup &s, const Module &module, const Options &options, std::vector<Buffer> &buffers) {
  Launch call = s.call;
  Memory memory;
  for (Buffer &b : buffers)
    memory.add(b.bytes.data(), b.bytes.size(), b.writable, b.name);
  for (const std::string &a : s.arguments) {
    std::string head = a.substr(0, a.find(':')),
                tail = a.find(':') == std::string::npos ? "" : a.substr(a.find(':') + 1);
    std::string name = a.substr(0, a.find('+'));
    bool isMap = false;
    for (const std::string &m : s.maps)
      if (m.substr(0, m.find('=')) == a) {
        call.pass(mapFrom(m, buffers));
        isMap = true;
      }
    if (isMap)
      continue;
    if (Buffer *b = find(buffers, name))
      call.pass(b->bytes.data() + (a == name ? 0 : number(a.substr(a.find('+') + 1))));
    else if (head == "i32")
      call.pass(int32_t(std::strtol(tail.c_str(), nullptr, 0)));
    else if (head == "u32")
      call.pass(uint32_t(number(tail)));
    else if (head == "i64")
      call.pass(int64_t(std::strtoll(tail.c_str(), nullptr, 0)));
    else if (head == "f32")
      call.pass(std::strtof(tail.c_str(), nullptr));
    else
      fail("unknown argument '" + a + "'");
  }
  return launch(module, call, memory, options);
}

/// Every output next to the ones of the file as it is.
bool same(const std::vector<Buffer> &got, const std::vector<Buffer> &expected) {
  for (size_t k = 0; k < got.size(); ++k) {
    if (!got[k].writable || got[k].bytes == expected[k].bytes)
      continue;
    double scale = 0, worst = 0;
    for (size_t i = 0; i < got[k].count; ++i) {
      double e = expected[k].get(i), g = got[k].get(i);
      if (std::isfinite(e))
        scale = std::max(scale, std::fabs(e));
      if (std::isfinite(e) != std::isfinite(g))
        return false;
      if (std::isfinite(e))
        worst = std::max(worst, std::fabs(g - e));
    }
    if (worst > 0.02 * scale)
      return false;
  }
  return true;
}

int mutate(const Setup &s, const std::string &text, const Module &module) {
  std::vector<Buffer> expected = s.buffers;
  Options options = s.options;
  options.schedule = Schedule::Eager;
  Report base = runOn(s, module, options, expected);
  if (!base.ok()) {
    std::printf("the file as it is:\n%s", base.text().c_str());
    return 1;
  }
  options.maxInstructions = 4 * base.statistics.instructions + 100000;
  auto run = [&](const Module &mutant, const Options &o, Report &report) {
    std::vector<Buffer> got = s.buffers;
    report = runOn(s, mutant, o, got);
    return same(got, expected);
  };
  std::vector<Verdict> verdicts = judge(mutationsOf(text, s.perKind, &base.statistics.lines), run, unsigned(s.seeds), options);
  std::fputs(tableOf(verdicts).c_str(), stdout);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  Setup s = read(argc, argv);
  std::ifstream in(s.file);
  if (!in)
    fail("cannot read '" + s.file + "'");
  std::stringstream stream;
  stream << in.rdbuf();
  Module module = parse(stream.str());
  if (!module.ok()) {
    for (const std::string &e : module.errors())
      std::printf("%s\n", e.c_str());
    return 2;
  }
  if (s.entries) {
    for (const Entry &e : module.entries()) {
      std::printf("%s: %u threads, %u bytes of static shared memory%s\n", e.name.c_str(), e.maxThreads, e.staticShared,
                  e.dynamicShared ? ", dynamic too" : "");
      for (const Parameter &p : e.parameters)
        std::printf("  %s: .%s, %u bytes, aligned to %u, at %u\n", p.name.c_str(), p.type.c_str(), p.size, p.align,
                    p.offset);
    }
    return 0;
  }
  if (s.mutate)
    return mutate(s, stream.str(), module);
  bool ok = true, known = false;
  for (Schedule schedule : AllSchedules) {
    if (s.schedule != "all" && s.schedule != nameOf(schedule))
      continue;
    known = true;
    std::vector<Buffer> buffers = s.buffers;
    s.options.schedule = schedule;
    Report report = runOn(s, module, s.options, buffers);
    std::printf("%s: %s\n%s", nameOf(schedule), report.ok() ? "ok" : "findings", report.text().c_str());
    ok &= report.ok();
    for (const std::string &p : s.prints) {
      const Buffer *b = find(buffers, p.substr(0, p.find(':')));
      if (!b)
        fail("no buffer '" + p + "'");
      size_t count =
          p.find(':') == std::string::npos ? b->count : std::min<size_t>(b->count, number(p.substr(p.find(':') + 1)));
      std::printf("%s:", b->name.c_str());
      for (size_t i = 0; i < count; ++i)
        std::printf(" %g", b->get(i));
      std::printf("\n");
    }
    if (s.statistics) {
      const Statistics &t = report.statistics;
      std::printf("%llu instructions, %llu wgmma, %llu mma, %llu bytes by TMA, %llu by cp.async\n",
                  static_cast<unsigned long long>(t.instructions), static_cast<unsigned long long>(t.wgmma),
                  static_cast<unsigned long long>(t.mma),
                  static_cast<unsigned long long>(t.tmaLoadBytes + t.tmaStoreBytes),
                  static_cast<unsigned long long>(t.cpAsyncBytes));
      for (auto &[name, count] : t.opcodes)
        std::printf("  %8llu %s\n", static_cast<unsigned long long>(count), name.c_str());
    }
  }
  if (!known)
    fail("no schedule '" + s.schedule + "'");
  return ok ? 0 : 1;
}
