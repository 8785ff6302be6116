// The importer on typed programs built by hand; texts are tested with the
// driver in test/frontend.
#include "frontend/Import.h"
#include "dialect/AttnOps.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace attn;
using namespace attn::core;

namespace {

ExprPtr make(Op op, Type type, std::vector<ExprPtr> args = {}, int id = -1) {
  auto expr = std::make_shared<Expr>();
  expr->op = op;
  expr->type = std::move(type);
  expr->args = std::move(args);
  expr->id = id;
  return expr;
}
const Type Truth{Base::Bool, {}}, Whole{Base::Int, {}}, Number{};
const Type Row{Base::Real, {64}};

enum { VarB, VarH, VarI, VarJ, VarJ1 };

ExprPtr var(int id) { return make(Op::Var, Whole, {}, id); }

struct ImportTest : testing::Test {
  ImportTest() {
    source.add("test.attn", "pattern p {}\n");
    program.name = "p";
    for (const char *name : {"B", "H", "G", "N", "M"})
      program.axes.push_back({name, {}, nullptr});
    program.variables = {
        {"b", AxisB}, {"h", AxisH}, {"i", AxisN}, {"j", AxisM}, {"j'", AxisM}};
    program.tensors = {
        {"q", {AxisB, AxisH, AxisN}, {64}, DType::BF16, nullptr, "", {}},
        {"k", {AxisB, AxisG, AxisM}, {64}, DType::BF16, nullptr, "", {}}};
    program.params = {{"offset", Base::Int, nullptr, "", {}}};
    Branch o;
    o.name = "o";
    o.variables = {VarB, VarH, VarI};
    o.key = VarJ;
    o.mask = make(Op::Le, Truth, {var(VarJ), var(VarI)});
    ExprPtr group = make(Op::GroupOf, Whole, {var(VarH)});
    ExprPtr q = make(Op::Tensor, Row, {var(VarB), var(VarH), var(VarI)}, 0);
    ExprPtr k = make(Op::Tensor, Row, {var(VarB), group, var(VarJ)}, 1);
    o.score = make(Op::Dot, Number, {q, k});
    auto weight = [&](int key) {
      return make(Op::Exp, Number, {make(Op::Score, Number, {var(key)})});
    };
    o.weights = {
        {"", make(Op::Div, Number, {weight(VarJ), rowSum(weight(VarJ1))}), {}}};
    o.value = k;
    program.branches = {o};
    program.outputs = {
        {"out",
         {VarB, VarH, VarI},
         make(Op::Branch, Row, {var(VarB), var(VarH), var(VarI)}, 0),
         DType::BF16,
         {}}};
  }

  ExprPtr rowSum(ExprPtr body) {
    auto sum = std::make_shared<Expr>(*make(Op::Aggregate, Number, {body}));
    sum->variables = {VarJ1};
    sum->ranges = {{Range::Row, nullptr, nullptr}};
    return sum;
  }

  /// The printed module, or the first error.
  std::string imported() {
    mlir::MLIRContext context;
    std::string text;
    llvm::raw_string_ostream os(text);
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &d) { os << "error: " << d << "\n"; });
    auto module = importProgram(program, source, context);
    if (module && succeeded(mlir::verify(*module)))
      module->print(os);
    return text;
  }

  SourceMap source;
  Program program;
};

TEST_F(ImportTest, RowsCountFromZero) {
  std::string text = imported();
  EXPECT_NE(text.find("(%b < %B, %h < %H, %r < %N) over (%j < %M)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("arith.addi %r, %offset : index"), std::string::npos);
  EXPECT_NE(text.find("attn.at %q[%b, %h, %r]"), std::string::npos);
  EXPECT_NE(text.find("attn.output \"out\" %1 as vector<64xbf16>"),
            std::string::npos)
      << text;
}

TEST_F(ImportTest, ProductsReadStoredRows) {
  EXPECT_NE(imported().find(": vector<64xbf16>, vector<64xbf16>"),
            std::string::npos);
}

// A shifted row is a shifted row number: no detour over the offset.
TEST_F(ImportTest, ShiftedRow) {
  auto one = std::make_shared<Expr>(*make(Op::Int, Whole));
  one->integer = 1;
  ExprPtr before = make(Op::Sub, Whole, {var(VarI), one});
  program.branches[0].score =
      make(Op::Dot, Number,
           {make(Op::Tensor, Row, {var(VarB), var(VarH), before}, 0),
            make(Op::Tensor, Row, {var(VarB), var(VarH), var(VarI)}, 0)});
  EXPECT_NE(imported().find("arith.subi %r, %c1"), std::string::npos);
}

TEST_F(ImportTest, GroupsOfARowAreRefused) {
  Branch &o = program.branches[0];
  ExprPtr both =
      make(Op::ToReal, Number, {make(Op::Sub, Whole, {var(VarJ), var(VarJ1)})});
  o.weights[0].body = rowSum(both);
  EXPECT_NE(imported().find("error: an aggregate over the row that depends on "
                            "the key outside it"),
            std::string::npos);
}

TEST_F(ImportTest, LengthOfNoInput) {
  program.tensors[0].axes = {AxisB, AxisG, AxisN};
  EXPECT_EQ(imported().rfind("error: nothing tells the length `H`", 0), 0u);
}

} // namespace
