// What a target wants of schedules, defaults and limits of every key, and what it
// can do at most.
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace attn {

struct TargetModel {
  struct Key {
    const char *name;
    const char *meaning;
    int64_t value;             ///< the default
    int64_t least, most, step; ///< values are multiples of `step`
    bool needsSweep;           ///< only in kernels that sweep
    bool ofPlan = false;       ///< decides which kernels there are; no kernel has it
  };
  /// Sides of tiles where no vector has more than `most` components.
  struct Sides {
    int64_t most;
    int64_t rows, cols;
  };
  /// A number that estimates take for granted (passes/Estimate.h).
  struct Fact {
    const char *name;
    const char *meaning;
    double value; ///< the default; 0: what the machine says of itself
    double least, most;
  };
  const char *name;
  llvm::ArrayRef<Key> keys;
  /// Ascending; empty: the defaults of the keys `rows` and `cols` always count.
  llvm::ArrayRef<Sides> sides;
  llvm::ArrayRef<Fact> facts;
  /// `rows` of kernels that work on few rows; 0: as of others.
  int64_t fewRows = 0;

  const Key *find(llvm::StringRef key) const;
  const Fact *findFact(llvm::StringRef fact) const;
  /// What is wrong with a value of a key, such as "must lie between 16 and 256";
  /// empty if it is one of the key's values.
  static std::string complaint(const Key &key, int64_t value);
  /// The default of a key for vectors of up to `components` numbers.
  int64_t preset(llvm::StringRef key, int64_t components) const;
  /// Tables of the keys and of the facts.
  void print(llvm::raw_ostream &os) const;

  /// The model of a target; null if there is none.
  static const TargetModel *get(llvm::StringRef name);
};

/// A choice of the user: `NAME:key=value`, NAME a kernel's or `*`.
struct ScheduleChoice {
  std::string kernel, key;
  int64_t value = 0;
};

/// Reads choices; reports what is malformed, unknown or out of range.
mlir::FailureOr<llvm::SmallVector<ScheduleChoice>>
parseChoices(const TargetModel &target, llvm::ArrayRef<std::string> texts,
             llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// The value of a key for a kernel: the last choice that names it, or the
/// default for vectors of up to `components` numbers.
int64_t choose(const TargetModel &target,
               llvm::ArrayRef<ScheduleChoice> choices, llvm::StringRef kernel,
               llvm::StringRef key, int64_t components = 0);

} // namespace attn
