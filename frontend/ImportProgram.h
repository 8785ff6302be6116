// What the importer knows of the whole program while it translates a part.
#pragma once
#include "dialect/AttnOps.h"
#include "frontend/Core.h"
#include "mlir/IR/Builders.h"
#include <set>

namespace attn {

class ProgramImporter {
public:
  ProgramImporter(const core::Program &program, const SourceMap &sources,
                  mlir::MLIRContext &context);
  mlir::OwningOpRef<mlir::ModuleOp> run();

  const core::Program &program;
  mlir::MLIRContext &context;

  /// Reports a form that has no translation; the module will be dropped.
  void unsupported(Span where, const std::string &message,
                   const std::string &note = "");

  mlir::Location location(Span span) const;
  mlir::Location location(const core::Expr &expr) const;
  mlir::Location location(const std::string &name, Span span) const;

  /// `f32`, `index`, `i1`, or vectors of them.
  mlir::Type typeOf(const core::Type &type) const;
  /// How elements of `shape` lie in memory.
  mlir::Type storedType(core::DType dtype,
                        const std::vector<int64_t> &shape) const;

  /// Values at the level of the pattern. Lets and branches are there once a
  /// definition that uses them is imported.
  mlir::Value extent(int axis, Span use);
  mlir::Value param(int id) const { return params[id]; }
  mlir::Value offset();
  mlir::Value tensor(int id) const { return tensors[id]; }
  mlir::Value let(int id) const { return lets[id]; }
  mlir::Value branch(int id, core::Field field);

  /// The name under which a binder of `variable` prints: row binders count
  /// from 0, so they do not carry the name of the absolute index.
  llvm::StringRef binderName(int variable) const;
  mlir::ArrayAttr binderNames(llvm::ArrayRef<int> variables) const;

private:
  void importArguments();
  void importLet(int id);
  void importBranch(int id);
  void importOutput(const core::Output &output);
  /// Imports the lets and branches that `expr` reads, first things first.
  void require(const core::Expr *expr);
  mlir::Value define(const std::string &name, llvm::ArrayRef<int> variables,
                     const core::Expr &body, Span span,
                     core::DType dtype = core::DType::F32);
  /// The field that `body` reads element by element over `variables`, or null.
  mlir::Value wholeField(const core::Expr &body, llvm::ArrayRef<int> variables);
  llvm::SmallVector<mlir::StringAttr>
  labels(llvm::ArrayRef<int> variables) const;
  llvm::SmallVector<mlir::Value> bounds(llvm::ArrayRef<int> variables,
                                        Span use);

  const SourceMap &sources;
  mlir::OpBuilder builder;
  bool failed = false;
  std::set<std::pair<uint32_t, std::string>> reported;
  llvm::SmallVector<mlir::Value> tensors, params, lets, branches, extents;
  mlir::Value shift; ///< of rows against their numbers
  std::map<std::pair<int, core::Field>, mlir::Value> fields;
  std::vector<const core::Expr *> visiting;
};

} // namespace attn
