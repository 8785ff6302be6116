// Runs a kernel of test/codegen/nvidia/Inputs/lists.mlir on the host, with every
// schedule, and compares with the formula.
//
// usage: attn-wg-lists PTX D ROWS RUN BOX [KINDS]
//
// BOX: rows of the tensor maps of keys and values; 0: the kernel takes no maps.
// KINDS: makes single faults in the copies instead, one of each kind; fails
// unless so many kinds are caught and none is missed.
#include "HostArrays.h"
#include "runtime/emulator/Mutate.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

using namespace attn;
using namespace attn::emu;

namespace {
/// [heads][length][D] arrays; two heads, three row tiles of which the last is
/// cut; lists of many keys, of few, of none.
struct Problem {
  Problem(int d, int rows, int run);
  int d, rows, run, heads = 2, rowTiles = 3;
  int n = rows * rowTiles - 40, m = n + 27, items = (m + run - 1) / run, slots = items + 1;
  float scale = 1 / std::sqrt(float(d));
  Halves q = random(size_t(n) * heads * d), k = random(size_t(m) * heads * d), v = random(size_t(m) * heads * d);
  std::vector<int32_t> lists;
  uint64_t visited = 0, mixed = 0;

  const int32_t *list(int head, int tile) const { return &lists[size_t(head * rowTiles + tile) * slots]; }
  double at(const Halves &x, int length, int head, int row, int column) const { return real(x[(size_t(head) * length + row) * d + column]); }
  TensorMap map(Halves &x, int length, int box) const;
  Report launch(const Module &module, const Options &options, int box, Halves &out);
  double error(const Halves &out) const;
};
} // namespace

Problem::Problem(int d, int rows, int run) : d(d), rows(rows), run(run) {
  std::mt19937 source(3);
  for (int head = 0; head < heads; ++head)
    for (int tile = 0; tile < rowTiles; ++tile) {
      size_t begin = lists.size();
      lists.resize(begin + slots, 1 << 28); // behind the last item anything may stand
      int32_t count = 0, most = head == 0 && tile == 1 ? 0 : items;
      for (int x = 0; x < most; ++x)
        if (head == 1 && tile == 2 ? true : head == 1 && tile == 1 ? x == items - 1 : source() % 10 < 6)
          lists[begin + size_t(++count)] = x;
      lists[begin] = count;
    }
  // No key outside the lists may matter.
  for (int head = 0; head < heads; ++head)
    for (int j = 0; j < m; ++j) {
      bool used = false;
      for (int tile = 0; tile < rowTiles; ++tile) {
        const int32_t *s = list(head, tile);
        used |= std::find(s + 1, s + 1 + *s, j / run) != s + 1 + *s;
      }
      for (int x = 0; x < d && !used; ++x)
        k[(size_t(head) * m + j) * d + x] = v[(size_t(head) * m + j) * d + x] = 0x7fc0;
    }
}

TensorMap Problem::map(Halves &x, int length, int box) const {
  TensorMap map;
  map.base = x.data();
  map.rank = 4;
  for (int i = 0; i < 4; ++i) {
    map.dims[i] = uint64_t((int[]){d, length, 1, heads}[i]);
    map.box[i] = uint16_t((int[]){64, box, 1, 1}[i]);
  }
  map.strides[0] = 2ull * d;
  map.strides[1] = map.strides[2] = map.strides[0] * uint64_t(length);
  map.dims[2] = 1;
  map.swizzle = Swizzle::B128;
  return map;
}

Report Problem::launch(const Module &module, const Options &options, int box, Halves &out) {
  out.assign(size_t(n) * heads * d, 0x7fc0);
  std::array<uint64_t, 4> stats{};
  Memory memory;
  memory.add(q.data(), q.size() * 2, false, "q");
  memory.add(k.data(), k.size() * 2, false, "k");
  memory.add(v.data(), v.size() * 2, false, "v");
  memory.add(lists.data(), lists.size() * 4, false, "lists");
  memory.add(out.data(), out.size() * 2, true, "out");
  memory.add(stats.data(), sizeof stats, true, "statistics");
  auto place = [](const void *p) { return int64_t(p); };
  std::array<int64_t, 34> frame{1,
      place(q.data()), int64_t(n) * heads * d, int64_t(n) * d, d, 1, /*B H N*/ 1, heads, n,
      place(k.data()), int64_t(m) * heads * d, int64_t(m) * d, d, 1, /*M*/ m,
      place(v.data()), int64_t(m) * heads * d, int64_t(m) * d, d, 1,
      place(lists.data()), int64_t(heads) * rowTiles * slots, int64_t(rowTiles) * slots, slots, 1, /*T S*/ rowTiles, slots,
      place(out.data()), int64_t(n) * heads * d, int64_t(n) * d, d, 1, /*scale*/ 0, /*items*/ heads * rowTiles};
  std::memcpy(&frame[32], &scale, 4);
  Launch call;
  call.grid = {2};
  call.block = {module.entries().front().maxThreads};
  call.dynamicShared = (box ? 227 : 163) * 1024;
  call.pass(frame).pass(static_cast<void *>(nullptr)).pass(static_cast<void *>(stats.data()));
  if (box)
    call.pass(map(q, n, rows)).pass(map(k, m, box)).pass(map(v, m, box));
  Report report = emu::launch(module, call, memory, options);
  visited = stats[0], mixed = stats[1];
  return report;
}

/// Relative to the size of the exact result; infinite if something is no number.
double Problem::error(const Halves &out) const {
  double difference = 0, size = 0;
  for (int head = 0; head < heads; ++head)
    for (int i = 0; i < n; ++i) {
      std::vector<int> keys;
      const int32_t *s = list(head, i / rows);
      for (int x = 1; x <= *s; ++x)
        for (int j = s[x] * run; j < (s[x] + 1) * run && j <= i && j < m; ++j)
          keys.push_back(j);
      std::vector<double> weights;
      double top = -INFINITY, sum = 0;
      for (int j : keys) {
        double x = 0;
        for (int c = 0; c < d; ++c)
          x += at(q, n, head, i, c) * at(k, m, head, j, c);
        weights.push_back(x * scale - 0.005 * j);
        top = std::max(top, weights.back());
      }
      for (double &w : weights)
        sum += w = std::exp(w - top);
      for (int c = 0; c < d; ++c) {
        double o = 0, got = at(out, n, head, i, c);
        for (size_t x = 0; x < keys.size(); ++x)
          o += weights[x] / sum * at(v, m, head, keys[x], c);
        if (!std::isfinite(got))
          return INFINITY;
        difference += (got - o) * (got - o);
        size += o * o;
      }
    }
  return std::sqrt(difference / size);
}

static bool mutate(const std::string &text, Problem &problem, int box, size_t least) {
  std::vector<Mutation> faults;
  for (Mutation &m : mutationsOf(text, 1))
    if (m.kind.find("copy") != std::string::npos || m.kind.find("copies") != std::string::npos || m.kind.find("all-proxy") != std::string::npos ||
        m.kind == "wrong-address-swizzle")
      faults.push_back(std::move(m));
  auto attempt = [&](const Module &module, const Options &options, Report &report) {
    Halves out;
    report = problem.launch(module, options, box, out);
    return problem.error(out) < 4e-3;
  };
  Options options;
  options.maxInstructions = 4000000;
  bool all = true;
  for (const Verdict &v : judge(faults, attempt, 2, options)) {
    std::printf("%s: %s [%s]\n", v.mutation.kind.c_str(), v.by.c_str(), nameOf(v.schedule));
    all &= v.caught;
  }
  return all && faults.size() >= least;
}

int main(int count, char **arguments) {
  if (count < 6 || count > 7)
    return 2;
  std::ifstream file(arguments[1]);
  std::stringstream text;
  text << file.rdbuf();
  Module module = parse(text.str());
  for (const std::string &error : module.errors())
    std::puts(error.c_str());
  if (!module.ok())
    return 1;
  Problem problem(std::atoi(arguments[2]), std::atoi(arguments[3]), std::atoi(arguments[4]));
  if (count == 7)
    return mutate(text.str(), problem, std::atoi(arguments[5]), size_t(std::atoi(arguments[6]))) ? 0 : 1;
  bool good = true;
  for (Schedule schedule : AllSchedules) {
    Halves out;
    Options options;
    options.schedule = schedule;
    Report report = problem.launch(module, options, std::atoi(arguments[5]), out);
    double error = problem.error(out);
    std::printf("%s: error %.1e, visited %d, mixed %d\n%s", nameOf(schedule), error, int(problem.visited), int(problem.mixed),
                report.ok() ? "" : report.text().c_str());
    good &= report.ok() && error < 4e-3; // results are rounded to bf16
  }
  return good ? 0 : 1;
}
