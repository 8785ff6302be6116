// The report of a run, for people and for programs.
#include "tools/attnc/Json.h"
#include "tools/attnc/Measure.h"
#include "tools/attnc/Text.h"
#include <iostream>

using namespace attn;
using namespace attnc;

namespace {
void row(const char *name, const std::string &value) { std::cout << text("  %-15s", name) << value << '\n'; }

} // namespace

std::string attnc::lengthsOf(const Loaded &loaded, const Problem &problem) {
  std::string line;
  for (const core::Axis &axis : loaded.program.axes)
    line += axis.name + "=" + std::to_string(problem.lengths.at(axis.name)) + " ";
  for (const core::Constant &constant : loaded.program.constants)
    if (constant.isLength)
      line += text("%s=%.0f ", constant.name.c_str(), constant.value);
  return line;
}

void attnc::printReport(const Loaded &loaded, const Problem &problem, const Report &report, bool compiled) {
  std::cout << loaded.program.name << "  " << core::spelling(loaded.program.dtype) << "  "
            << lengthsOf(loaded, problem) << '\n';
  for (const std::string &remark : problem.remarks)
    row("note", remark);
  const char *about = report.visible.exact ? "" : "about ";
  if (compiled) {
    row("compiled", "in " + duration(report.compileSeconds) + " for " + report.target);
    double best = report.seconds.front(), median = report.seconds[report.seconds.size() / 2];
    row("time", duration(best) + (report.threads ? text(" on %d thread%s", report.threads, report.threads == 1 ? "" : "s") : " on the GPU") +
                    (report.seconds.size() > 1
                         ? text(", best of %zu (median %s)", report.seconds.size(), duration(median).c_str())
                         : ""));
    row("speed", about + text("%.1f GFLOP/s that count: %.0f for each visible pair", report.flops / best / 1e9,
                              report.visible.pairs > 0 ? report.flops / report.visible.pairs : 0.0));
  }
  row("visible pairs", about + count(report.visible.pairs) + " of " + count(report.visible.all) +
                           text(" (%.2f %%)", percent(report.visible.pairs, report.visible.all)));
  if (compiled && report.tiles)
    row("tiles", text("%lld%s visited%s (%lld x %lld), %lld of these with the mask evaluated",
                      (long long)report.stats[Manifest::Visited],
                      report.listed ? " of lists" : text(" of %lld", (long long)report.tiles).c_str(),
                      report.sweeps > 1 ? text(" in %lld sweeps", (long long)report.sweeps).c_str() : "",
                      (long long)report.rows, (long long)report.cols, (long long)report.stats[Manifest::Mixed]));
  for (const Report::Check &check : report.checks)
    row("check", text("`%s` %s the oracle in %lld rows: ", check.output.c_str(),
                      check.verdict.ok ? "agrees with" : "DISAGREES with", (long long)check.rows) +
                     check.verdict.text());
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

void attnc::printJson(const Loaded &loaded, const Problem &problem, const Report &report, bool compiled) {
  json::Object shape;
  for (const core::Axis &axis : loaded.program.axes)
    shape.add(axis.name.c_str(), double(problem.lengths.at(axis.name)));
  for (const core::Constant &constant : loaded.program.constants)
    if (constant.isLength)
      shape.add(constant.name.c_str(), constant.value);
  json::Object object;
  object.add("pattern", json::quoted(loaded.program.name))
      .add("dtype", json::quoted(core::spelling(loaded.program.dtype)))
      .add("shape", shape.done())
      .add("visible_pairs", report.visible.pairs)
      .add("all_pairs", report.visible.all)
      .add("visible_pairs_exact", report.visible.exact ? "true" : "false");
  if (compiled) {
    std::string seconds;
    for (double second : report.seconds)
      seconds += (seconds.empty() ? "" : ", ") + json::number(second);
    object.add("target", json::quoted(report.target))
        .add("threads", report.threads)
        .add("compile_seconds", report.compileSeconds)
        .add("seconds", "[" + seconds + "]")
        .add("gflops", report.flops / report.seconds.front() / 1e9)
        .add("flops", report.flops)
        .add("tiles", json::Object()
                          .add("rows", double(report.rows))
                          .add("cols", double(report.cols))
                          .add("sweeps", double(report.sweeps))
                          .add("all", double(report.tiles))
                          .add("visited", double(report.stats[Manifest::Visited]))
                          .add("mixed", double(report.stats[Manifest::Mixed]))
                          .add("tested", double(report.stats[Manifest::Tested]))
                          .done());
  }
  if (!report.checks.empty()) {
    json::Object checks;
    for (const Report::Check &check : report.checks)
      checks.add(check.output.c_str(), json::Object()
                                           .add("agrees", check.verdict.ok ? "true" : "false")
                                           .add("rows", double(check.rows))
                                           .add("error", check.verdict.errorMax)
                                           .add("allowed", check.verdict.allowedMax)
                                           .add("plain", check.verdict.plainMax)
                                           .add("error_l2", check.verdict.errorL2)
                                           .add("allowed_l2", check.verdict.allowedL2)
                                           .add("plain_l2", check.verdict.plainL2)
                                           .done());
    object.add("agrees", report.agrees ? "true" : "false").add("check", checks.done());
  }
  std::cout << object.done() << '\n';
}
