// One program, compiled; one call of it, judged.
#pragma once
#include "Arguments.h"
#include "frontend/Sema.h"
#include "runtime/Session.h"
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

namespace differential {

struct Compiled {
  attn::SourceMap sources;
  std::optional<attn::core::Program> program;
  std::unique_ptr<attn::Callable> callable; ///< null where `error` says why
  std::string error;
};

/// Parses, checks and compiles the pattern that `instance` names.
std::unique_ptr<Compiled> compile(const std::string &text, const attn::Instance &instance,
                                  const attn::CompileOptions &options = {});

/// Runs one call. Returns what is wrong with it, or an empty string.
std::string check(const Compiled &compiled, const Shape &shape);

/// "dtype bf16, D = 64, E = 64"
std::string describe(const attn::Instance &instance);

/// Of all threads.
struct Totals {
  std::atomic<int64_t> programs{0}, calls{0}, failures{0}, compileMicros{0};
  std::mutex printing;
};
/// `compile` on the clock.
std::unique_ptr<Compiled> compile(const std::string &text, const attn::Instance &instance, Totals &totals,
                                  const attn::CompileOptions &options = {});

/// Calls `work(n)` for n in [0, count) on some threads.
void inParallel(int64_t threads, int64_t count, const std::function<void(int64_t)> &work);

struct ExampleOptions {
  std::string folder;
  std::optional<attn::core::DType> dtype; ///< else f32, bf16 and f16
  int64_t shapes = 8;                     ///< random ones beside those that are always tried
  int64_t seed = 1, threads = 2;
  bool tiles = false; ///< random sides of tiles, and random shapes alone
  attn::CompileOptions compile;
  std::string only;              ///< the name of one file; empty: all
  std::ostream *table = nullptr; ///< one line for each program, if not null
};
/// Every file of a folder.
void runExamples(const ExampleOptions &options, Totals &totals);

} // namespace differential
