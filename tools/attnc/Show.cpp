// attnc show: what a mask looks like.
#include "tools/attnc/Picture.h"
#include "tools/attnc/Problem.h"
#include "tools/attnc/Walk.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace attn;
using namespace attnc;

namespace {
struct View {
  const Loaded &loaded;
  const Problem &problem;
  Oracle &oracle;
  int64_t batch;
  int64_t width;  ///< cells of a picture
  int64_t budget; ///< evaluations of the mask for its density

  int64_t rows() const { return problem.length(loaded.program, core::AxisN); }
  int64_t keys() const { return problem.length(loaded.program, core::AxisM); }
};
} // namespace

static std::string title(const View &view, int64_t head, bool byHead) {
  std::string text = view.loaded.program.name + ": " + std::to_string(view.rows()) + " rows x " +
                     std::to_string(view.keys()) + " keys";
  return byHead ? text + ", head " + std::to_string(head) : text;
}

/// Pairs, density, rows without keys.
static std::string summary(const View &view, const Density &density) {
  char line[160];
  double all = double(view.rows()) * double(view.keys());
  std::snprintf(line, sizeof line, "%s%.0f of %.0f pairs are visible (%.2f %%)", density.exact ? "" : "about ",
                density.pairs, all, all > 0 ? 100 * density.pairs / all : 0.0);
  std::string text = line;
  if (!density.exact)
    text += ", by " + std::to_string(density.rowsLookedAt) + " rows";
  if (density.emptyRows)
    text += "; " + std::to_string(density.emptyRows) + (density.exact ? "" : " of these") +
            (density.emptyRows == 1 ? " row sees" : " rows see") + " no key (row " +
            std::to_string(density.firstEmpty + view.oracle.offset()) +
            (density.emptyRows == 1 ? "" : " .. " + std::to_string(density.lastEmpty + view.oracle.offset() + 1)) + ")";
  return text;
}

static bool write(const std::string &path, const std::string &bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  return bool(file);
}

/// `mask.png` for head 3 is `mask-3.png`.
static std::string withHead(const std::string &path, int64_t head) {
  size_t dot = path.rfind('.');
  return path.substr(0, dot) + "-" + std::to_string(head) + path.substr(dot);
}

static int showHead(const View &view, int64_t head, bool byHead, const std::string &file) {
  Density density = measureDensity(view.oracle, view.batch, head, view.rows(), view.keys(), view.budget);
  std::string name = title(view, head, byHead), footer = summary(view, density);
  if (file.empty()) {
    Picture picture = takePicture(view.oracle, view.batch, head, view.rows(), view.keys(), view.width, view.width);
    std::cout << name << '\n' << drawText(picture) << footer << '\n';
    if (!picture.exact)
      std::cout << "sampled: 64 pairs for each half of a character; shaded where only some are visible\n";
    return Ok;
  }
  bool svg = file.size() > 4 && file.substr(file.size() - 4) == ".svg";
  int64_t cells = svg ? 160 : 512;
  Picture picture = takePicture(view.oracle, view.batch, head, view.rows(), view.keys(), cells, cells);
  if (!write(file, svg ? drawSvg(picture, name, footer) : drawPng(picture, 512)))
    return failure("cannot write `" + file + "`");
  std::cout << file << ": " << name << "; " << footer << '\n';
  return Ok;
}

static int64_t terminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
    return size.ws_col;
  return 80;
}

static int run(const Arguments &arguments) {
  std::string error;
  int64_t width = arguments.integer("--width", std::min<int64_t>(terminalWidth() - 2, 96), 1, error);
  int64_t seed = arguments.integer("--seed", 1, 0, error);
  int64_t batch = arguments.integer("--batch", 0, 0, error);
  bool allHeads = arguments.get("--head") == "all";
  int64_t head = allHeads ? 0 : arguments.integer("--head", 0, 0, error);
  std::string file = arguments.get("-o");
  size_t dot = file.rfind('.');
  std::string ending = dot == std::string::npos ? "" : file.substr(dot);
  if (!file.empty() && ending != ".svg" && ending != ".png")
    error = "`-o` needs a name that ends in .svg or .png, not `" + file + "`";
  ArraySpecs specs = error.empty() ? readArrays(arguments, error) : ArraySpecs();
  if (!error.empty())
    return usageError(error);

  Status status = Ok;
  std::unique_ptr<Loaded> loaded = load(arguments, specs, status);
  if (!loaded)
    return status;
  const core::Program &program = loaded->program;
  const core::Branch *main = mainBranch(program);
  if (!main)
    return failure("`" + program.name + "` has no mask: nothing uses its main result");

  std::vector<bool> used = tensorsOf(program, main->mask);
  std::optional<Problem> problem = makeProblem(*loaded, std::move(specs), uint64_t(seed), error, &used);
  if (!problem)
    return usageError(error);
  std::unique_ptr<Oracle> oracle = Oracle::create(program, problem->bindings(*loaded), Arithmetic::Exact, error);
  if (!oracle)
    return usageError(error);

  int64_t heads = problem->length(program, core::AxisH);
  if (head >= heads || batch >= problem->length(program, core::AxisB))
    return usageError(head >= heads ? "there are " + std::to_string(heads) + " heads, from 0 on"
                                    : "there is no batch entry " + std::to_string(batch));
  bool byHead = dependsOnAxis(program, main->mask, core::AxisH) || dependsOnAxis(program, main->mask, core::AxisG);
  View view{*loaded, *problem, *oracle, batch, width, int64_t(1) << 24};
  if (!allHeads) {
    int result = showHead(view, head, byHead, file);
    if (byHead && !arguments.has("--head") && heads > 1)
      std::cout << "the mask differs by head: `--head NUMBER` or `--head all`\n";
    return result;
  }
  int result = Ok;
  for (int64_t h = 0; h < heads && result == Ok; ++h)
    result = showHead(view, h, true, file.empty() ? file : withHead(file, h));
  return result;
}

Command attnc::showCommand() {
  return {"show", "FILE.attn", "draw the mask",
          "Draws which keys each row sees, as text or into an SVG or PNG file, and says how many\n"
          "pairs are visible and which rows see no key. Arrays that the mask reads are given or\n"
          "made as for `attnc run`.",
          programOptions() + Options{{"--head", "NUMBER|all", "a query head (default: 0)"},
                                     {"--batch", "NUMBER", "a batch entry (default: 0)"},
                                     {"--width", "NUMBER", "characters of a line"},
                                     {"-o", "FILE.svg|FILE.png", "a picture in a file"}} +
              arrayOptions(),
          run};
}
