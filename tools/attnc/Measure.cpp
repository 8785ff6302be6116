#include "tools/attnc/Measure.h"
#include "tools/attnc/Picture.h"
#include "tools/attnc/Walk.h"
#include <algorithm>

using namespace attn;
using namespace attnc;

Visible attnc::countVisible(const Loaded &loaded, const Problem &problem, Oracle &oracle) {
  const core::Program &program = loaded.program;
  const core::Branch *main = mainBranch(program);
  auto length = [&](int axis) { return problem.length(program, axis); };
  Visible visible;
  visible.all = double(length(core::AxisB)) * double(length(core::AxisH)) * double(length(core::AxisN)) *
                double(length(core::AxisM));
  if (!main || visible.all == 0)
    return visible;
  // Entries and heads that cannot differ are counted once.
  bool byBatch = dependsOnAxis(program, main->mask, core::AxisB);
  bool byHead = dependsOnAxis(program, main->mask, core::AxisH) || dependsOnAxis(program, main->mask, core::AxisG);
  int64_t batches = byBatch ? length(core::AxisB) : 1, heads = byHead ? length(core::AxisH) : 1;
  int64_t budget = (int64_t(1) << 23) / (batches * heads);
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t h = 0; h < heads; ++h) {
      Density density = measureDensity(oracle, b, h, length(core::AxisN), length(core::AxisM), budget);
      visible.pairs += density.pairs;
      visible.exact &= density.exact;
    }
  visible.pairs *= double(length(core::AxisB) / batches) * double(length(core::AxisH) / heads);
  return visible;
}

std::map<std::string, std::vector<int64_t>> attnc::outputShapes(const Loaded &loaded, const Problem &problem) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const core::Output &output : loaded.program.outputs) {
    std::vector<int64_t> &shape = shapes[output.name];
    for (int variable : output.variables)
      shape.push_back(problem.length(loaded.program, loaded.program.variables[variable].axis));
    shape.insert(shape.end(), output.body->type.shape.begin(), output.body->type.shape.end());
  }
  return shapes;
}
