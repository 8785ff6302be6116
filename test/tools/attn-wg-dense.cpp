// Runs a kernel with the parameters of test/codegen/nvidia/dense.mlir on the
// host, with every schedule, and compares with the formula.
//
// usage: attn-wg-dense PTX D ROWS COLS SHARED [LIMIT]
//
// With a limit, a ninth slot says from where on keys are hidden; their rows hold
// NaN, and the first row of values of the second head is infinite.
#include "HostArrays.h"
#include "runtime/emulator/Emulator.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

using namespace attn::emu;

namespace {
/// [rows][heads][D] arrays; two heads, two row tiles of which one is cut, three
/// key tiles.
struct Problem {
  Problem(int d, int rows, int cols, int limit);
  int d, rows, cols, limit, heads = 2, rowTiles = 2, keyTiles = 3;
  int n = rows * rowTiles - 40, m = cols * keyTiles, visible;
  float scale = 1.44269504f / std::sqrt(float(d));
  Halves q = random(size_t(n) * heads * d), k = random(size_t(m) * heads * d), v = random(size_t(m) * heads * d);

  double at(const Halves &x, int row, int head, int column) const { return real(x[(size_t(row) * heads + head) * d + column]); }
  TensorMap map(Halves &x, int length, int box) const;
  Report run(const Module &module, Schedule schedule, uint32_t shared, Halves &out);
  double error(const Halves &out) const;
};
} // namespace

Problem::Problem(int d, int rows, int cols, int limit) : d(d), rows(rows), cols(cols), limit(limit), visible(limit ? limit : m) {
  for (int j = visible; j < m; ++j)
    for (int x = 0; x < heads * d; ++x) {
      k[size_t(j) * heads * d + x] = 0x7fff;
      v[size_t(j) * heads * d + x] = x % 3 ? 0xffc0 : 0x7f80;
    }
  if (limit)
    std::fill_n(v.begin() + d, d, 0x7f80);
}

TensorMap Problem::map(Halves &x, int length, int box) const {
  TensorMap map;
  map.base = x.data();
  map.rank = 4;
  for (int i = 0; i < 4; ++i) {
    map.dims[i] = uint64_t((int[]){d, length, heads, 1}[i]);
    map.box[i] = uint16_t((int[]){64, box, 1, 1}[i]);
  }
  map.strides[0] = 2ull * heads * d;
  map.strides[1] = 2ull * d;
  map.strides[2] = map.strides[0] * uint64_t(length);
  map.swizzle = Swizzle::B128;
  return map;
}

Report Problem::run(const Module &module, Schedule schedule, uint32_t shared, Halves &out) {
  out.assign(size_t(n) * heads * d, 0x7fc0);
  Memory memory;
  memory.add(q.data(), q.size() * 2, false, "q");
  memory.add(k.data(), k.size() * 2, false, "k");
  memory.add(v.data(), v.size() * 2, false, "v");
  memory.add(out.data(), out.size() * 2, true, "out");
  std::array<int64_t, 9> frame{rowTiles * heads, rowTiles, heads, keyTiles, 0, int64_t(out.data()), d, n, limit};
  std::memcpy(&frame[4], &scale, 4);
  Launch call;
  call.grid = {2};
  call.block = {uint32_t(128 * (rows / 64 + 1))};
  call.dynamicShared = shared;
  call.pass(frame);
  call.arguments.back().resize(limit ? 72 : 64);
  call.pass(static_cast<void *>(nullptr)).pass(static_cast<void *>(nullptr));
  call.pass(map(q, n, rows)).pass(map(k, m, cols)).pass(map(v, m, cols));
  Options options;
  options.schedule = schedule;
  return launch(module, call, memory, options);
}

/// Relative to the size of the exact result; infinite if an element is a number
/// and should not be, or the other way round.
double Problem::error(const Halves &out) const {
  double difference = 0, size = 0;
  for (int head = 0; head < heads; ++head)
    for (int i = 0; i < n; ++i) {
      std::vector<double> weight(visible);
      double top = -INFINITY, sum = 0;
      for (int j = 0; j < visible; ++j) {
        double s = 0;
        for (int x = 0; x < d; ++x)
          s += at(q, i, head, x) * at(k, j, head, x);
        weight[j] = s * scale;
        top = std::max(top, weight[j]);
      }
      for (double &w : weight)
        sum += w = std::exp2(w - top);
      for (int x = 0; x < d; ++x) {
        double o = 0, got = real(out[(size_t(head) * n + i) * d + x]);
        for (int j = 0; j < visible; ++j)
          o += weight[j] * at(v, j, head, x);
        o /= sum;
        if (std::isfinite(o) != std::isfinite(got))
          return INFINITY;
        if (!std::isfinite(o))
          continue;
        difference += (got - o) * (got - o);
        size += o * o;
      }
    }
  return std::sqrt(difference / size);
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
  Problem problem(std::atoi(arguments[2]), std::atoi(arguments[3]), std::atoi(arguments[4]),
                  count > 6 ? std::atoi(arguments[6]) : 0);
  bool good = true;
  for (Schedule schedule : AllSchedules) {
    Halves out;
    Report report = problem.run(module, schedule, uint32_t(std::atoi(arguments[5])), out);
    double error = problem.error(out);
    std::printf("%s: error %.1e\n%s", nameOf(schedule), error, report.ok() ? "" : report.text().c_str());
    good &= report.ok() && error < 4e-3; // results are rounded to bf16
  }
  return good ? 0 : 1;
}
