// The sweeps of an attend: what each pass of its weights accumulates.
#pragma once
#include "passes/AttnPlan.h"

namespace attn {

class SweepPlanner {
public:
  /// `value`: the dimension of the value's components.
  SweepPlanner(AttendOp attend, const WeightPlan &weights,
               KernelBuilder &kernel, mlir::Value span, int64_t value);

  /// Emits the sweeps. `withOut`: accumulate values; `withMax`: keep the
  /// greatest score of the row, too.
  void run(bool withOut, bool withMax);

  /// What the only pass of the weights leaves of a row, and the rows of two
  /// parts of the keys are merged from.
  struct Remnant {
    mlir::StringRef name;
    enum Kind { Greatest, Sum, Accumulator } kind;
    Node **value;
    int reference = -1; ///< sums are in units of the exponential of its base
    mlir::Type type = {};
  };
  /// As `run` with the same arguments leaves them.
  llvm::SmallVector<Remnant> remnants(bool withOut, bool withMax);
  /// Whether there is such a pass: one, without a pass before it to count.
  static bool splits(const WeightPlan &weights) {
    return weights.passes == 1 && !weights.countsFirst;
  }
  /// Instead of `run`: the span is of parts, `count` of them, and `read` gives
  /// what is left of the rows of part j.
  void merge(llvm::ArrayRef<Remnant> all, mlir::Value count, bool withMax,
             llvm::function_ref<Node *(const Remnant &, Node *j)> read);

  /// Afterwards: the result, the logarithm of the denominator, and the greatest
  /// score, at the rows of the kernel.
  Node *out();
  Node *lse();
  Node *max() { return greatest; }

private:
  /// What a sweep carries.
  struct Carried {
    mlir::StringRef name;
    mlir::Value init;
    Node *next = nullptr; ///< what the step yields
    Node **final;         ///< where the result goes
  };
  Carried &carry(mlir::StringRef name, Node *init, llvm::ArrayRef<int64_t> dims,
                 Node **final);
  /// One loop over the span; `step` computes Carried::next from `state`.
  void sweep(llvm::function_ref<void()> step);
  /// What is carried, inside the step.
  Node *state(size_t k);

  void countKeys();
  void pass(unsigned number, bool withOut, bool withMax);
  void advance(unsigned reference, Node *carried, Carried &into, bool exact);
  void accumulate(unsigned term, Node *carried, Carried &into);
  void startStep();
  /// The reference that is the greatest score as well, or -1.
  int greatestReference(unsigned pass, bool withMax);

  Node *eval(const weights::Expr *e);
  Node *masked(const weights::Expr *e);
  Node *baseOf(unsigned reference);
  Node *isEqual(Node *a, double b);
  Node *fold(Fold kind, Node *node);
  Node *start(const WeightPlan::Reference &reference);

  AttendOp attend;
  const WeightPlan &weights;
  KernelBuilder &kernel;
  Tiles &tiles;
  Elements &elements;
  mlir::Value span;
  int64_t component;
  Dims r, rc, re;
  mlir::Type real;

  /// A row factor may be infinite where no key is seen, so such rows are told
  /// apart by their count.
  bool guarded = false;
  unsigned current = 0; ///< the pass
  std::vector<Carried> carried;
  llvm::SmallVector<Node *> states;
  mlir::Value parts;  ///< their number, while they are merged
  Node *key = nullptr;
  Node *sees = nullptr; ///< the mask, in a step
  llvm::DenseMap<const weights::Expr *, Node *> known, knownMasked;
  llvm::SmallVector<Node *> sums, references, bases, factors, accumulators;
  Node *count = nullptr, *greatest = nullptr;
};

} // namespace attn
