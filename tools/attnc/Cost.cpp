#include "tools/attnc/Cost.h"
#include "tools/attnc/Walk.h"

using namespace attn;
using namespace attnc;

static double bytesOf(const TensorView &view) {
  return double(view.elements()) * double(core::byteSize(view.dtype));
}

/// Visited tiles and loads of key tiles, for the estimate.
static PlanCounts countsOf(const Loaded &loaded, const Problem &problem, const Analysis &analysis, Oracle &oracle,
                           const Cost &cost) {
  const core::Program &program = loaded.program;
  PlanCounts counts;
  for (const core::Axis &axis : program.axes)
    counts.lengths[axis.name] = problem.length(program, int(&axis - program.axes.data()));
  double area = double(analysis.rows) * double(analysis.cols);
  counts.visited = cost.tilesKnown ? double(cost.tiles.full + cost.tiles.mixed) : cost.visible.pairs / area;
  if (analysis.groups.known)
    counts.loads = double(analysis.groups.full + analysis.groups.mixed);
  else if (cost.tilesKnown)
    counts.loads = double(countTiles(oracle, analysis.rows * analysis.together, analysis.cols).visited);
  else // every group meets the keys that its rows see on average
    counts.loads = counts.visited / double(analysis.together);
  return counts;
}

Cost attnc::costOf(const Loaded &loaded, const Problem &problem, const Analysis &analysis, Oracle &oracle,
                   const Machine &machine) {
  const core::Program &program = loaded.program;
  auto length = [&](int axis) { return problem.length(program, axis); };
  Cost cost;
  cost.visible = countVisible(loaded, problem, oracle);
  if (analysis.cols) {
    cost.allTiles = length(core::AxisB) * length(core::AxisH) *
                    ((length(core::AxisN) + analysis.rows - 1) / analysis.rows) *
                    ((length(core::AxisM) + analysis.cols - 1) / analysis.cols);
    cost.tiles = analysis.tiles;
    cost.tilesFromForms = cost.tilesKnown = analysis.tiles.known;
    if (!cost.tilesKnown && cost.visible.all <= double(1 << 24)) {
      TileCounts counts = countTiles(oracle, analysis.rows, analysis.cols);
      cost.tilesKnown = true;
      cost.tiles = {true, counts.all - counts.visited, counts.visited - counts.mixed, counts.mixed};
    }
  }
  const core::Branch *main = mainBranch(program);
  cost.useful = main ? cost.visible.pairs * double(flopsPerPair(program, *main)) : 0;
  for (auto &[name, view] : problem.views)
    cost.inputBytes += bytesOf(view);
  std::map<std::string, std::vector<int64_t>> shapes = outputShapes(loaded, problem);
  for (const core::Output &output : program.outputs) {
    double elements = 1;
    for (int64_t n : shapes[output.name])
      elements *= double(n);
    cost.outputBytes += elements * double(core::byteSize(output.dtype));
  }
  cost.estimate =
      estimate(analysis.work, countsOf(loaded, problem, analysis, oracle, cost), machine.limits());
  return cost;
}
