#include "runtime/SizeProgram.h"
#include <algorithm>

using namespace attn;
using Step = Manifest::SizeStep;

// Sums and products wrap: unsigned arithmetic.
static int64_t wrapping(Step::Op op, int64_t a, int64_t b) {
  uint64_t x = uint64_t(a), y = uint64_t(b);
  return int64_t(op == Step::Add ? x + y : op == Step::Sub ? x - y : x * y);
}

// The least integer by -1 is the one quotient that does not fit.
static int64_t floorDiv(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1)
    return wrapping(Step::Sub, 0, a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t apply(Step::Op op, int64_t a, int64_t b) {
  switch (op) {
  case Step::FloorDiv: return floorDiv(a, b);
  case Step::CeilDiv: return wrapping(Step::Sub, 0, floorDiv(wrapping(Step::Sub, 0, a), b));
  case Step::Mod: return wrapping(Step::Sub, a, wrapping(Step::Mul, floorDiv(a, b), b));
  case Step::Min: return std::min(a, b);
  case Step::Max: return std::max(a, b);
  case Step::Equal: return a == b;
  case Step::NotEqual: return a != b;
  case Step::Less: return a < b;
  case Step::LessEqual: return a <= b;
  case Step::And: return a && b;
  case Step::Or: return a || b;
  default: return wrapping(op, a, b);
  }
}

bool attn::runSizes(const std::vector<Step> &program, int64_t *frame, int slots) {
  std::vector<int64_t> stack;
  auto pop = [&] {
    int64_t x = stack.back();
    stack.pop_back();
    return x;
  };
  for (const Step &step : program) {
    size_t needs = step.op <= Step::Slot ? 0 : step.op == Step::Store ? 1 : step.op == Step::Select ? 3 : 2;
    bool reachable = (step.op != Step::Slot && step.op != Step::Store) || (step.value >= 0 && step.value < slots);
    if (stack.size() < needs || !reachable)
      return false;
    if (step.op == Step::Push) {
      stack.push_back(step.value);
    } else if (step.op == Step::Slot) {
      stack.push_back(frame[step.value]);
    } else if (step.op == Step::Store) {
      frame[step.value] = pop();
    } else if (step.op == Step::Select) {
      int64_t c = pop(), b = pop(), a = pop();
      stack.push_back(a ? b : c);
    } else {
      int64_t b = pop(), a = pop();
      stack.push_back(apply(step.op, a, b));
    }
  }
  return stack.empty();
}
