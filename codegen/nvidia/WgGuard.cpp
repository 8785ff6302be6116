// Products ignore what hidden rows hold: infinities and NaN leave the stage,
// and rows that would have seen them get NaN through their weights.
#include "codegen/nvidia/WgLowering.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

namespace {
struct Guard {
  WgLowering &l;
  GuardOp op;
  int64_t at, stageBytes, rows, rowBytes, stages;
  bool half;          ///< f16, not bf16
  int64_t threads;    ///< who comes here
  int64_t barrier;
  Value thread;       ///< among them
  Value start;        ///< of the stage, i32 address

  int64_t pieces() const { return stageBytes / 16; }
  /// Bits 15 and 31 of the result: the half of `word` is no number.
  Value strange(Value word) {
    int64_t exponent = half ? 0x7c007c00 : 0x7f807f80, one = half ? 0x04000400 : 0x00800080;
    return l.add(l.andi(word, exponent), l.i32(one));
  }
  Registers load(Value address) {
    return l.assembly("ld.shared.v4.b32 {$0, $1, $2, $3}, [$4];", "=r,=r,=r,=r,r,~{memory}", address,
                      {l.tI32, l.tI32, l.tI32, l.tI32});
  }
  Value address(Value piece) { return l.add(start, LLVM::ShlOp::create(l, piece, l.i32(4))); }
  void meet() { l.assembly(llvm::formatv("bar.sync {0}, {1};", barrier, threads).str(), "~{memory}", {}, {}); }

  Value found();
  void heal();
  Registers poisoned();
};
} // namespace

/// Whether anything in the stage is no number; the same for all.
Value Guard::found() {
  Value any;
  for (int64_t n = 0; n < pieces(); n += threads) {
    Value piece = l.add(thread, l.i32(n));
    if (n + threads > pieces())
      piece = LLVM::UMinOp::create(l, piece, l.i32(pieces() - 1)); // once more
    for (Value word : load(address(piece))) {
      Value bits = strange(word);
      any = any ? LLVM::OrOp::create(l, any, bits).getResult() : bits;
    }
  }
  Value mine = l.andi(any, 0x80008000);
  std::string text = llvm::formatv("{{\n.reg .pred p;\nsetp.ne.b32 p, $1, 0;\nbar.red.or.pred p, {0}, {1}, p;\nselp.b32 $0, 1, 0, p;\n}",
                                   barrier, threads);
  Value all = l.assembly(text, "=r,r,~{memory}", mine, l.tI32).front();
  all = l.assembly("redux.sync.min.s32 $0, $1, 0xffffffff;", "=r,r", all, l.tI32).front(); // uniform, for the assembler
  return LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, all, l.i32(0));
}

/// Clears the flags, then sets those of rows with such elements and clears the
/// elements. Predicates and loops of one length for all: where threads may part,
/// the assembler no longer keeps addresses of operands in uniform registers.
void Guard::heal() {
  Value flags = l.sharedAddress(op.getFlags());
  auto below = [&](Value n, int64_t limit) -> Value {
    return LLVM::ZExtOp::create(l, l.tI32, LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ult, n, l.i32(limit)));
  };
  auto flag = [&](Value row, int64_t value, Value where) {
    l.assembly("{\n.reg .pred p;\nsetp.ne.b32 p, $2, 0;\n@p st.shared.b8 [$0], $1;\n}", "r,r,r,~{memory}",
               {l.add(flags, row), l.i32(value), where}, {});
  };
  for (int64_t n = 0; n < rows; n += threads) {
    Value row = l.add(thread, l.i32(n));
    flag(row, 0, below(row, rows));
  }
  meet();
  l.loop(l.i32(0), l.i32(llvm::alignTo(pieces(), threads)), threads, [&](Value n) {
    Value piece = l.add(thread, n), inside = below(piece, pieces());
    // Behind the end a thread looks at its first piece again: no other writes there.
    piece = LLVM::SelectOp::create(l, LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, inside, l.i32(0)), piece, thread);
    Value where = address(piece), any;
    Registers words = load(where);
    for (Value &word : words) {
      Value bits = l.andi(strange(word), 0x80008000);
      any = any ? LLVM::OrOp::create(l, any, bits).getResult() : bits;
      // Ones in the halves that go.
      Value goes = l.mul(l.shr(bits, 15), l.i32(0xffff));
      word = LLVM::AndOp::create(l, word, LLVM::XOrOp::create(l, goes, l.i32(-1)));
    }
    any = LLVM::SelectOp::create(l, LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, inside, l.i32(0)), any, l.i32(0));
    flag(LLVM::URemOp::create(l, LLVM::UDivOp::create(l, piece, l.i32(rowBytes / 16)), l.i32(rows)), 1, any);
    words.insert(words.begin(), where);
    words.push_back(any);
    l.assembly("{\n.reg .pred p;\nsetp.ne.b32 p, $5, 0;\n@p st.shared.v4.b32 [$0], {$1, $2, $3, $4};\n}", "r,r,r,r,r,r,~{memory}",
               words, {});
  });
  if (isa<RingType>(op.getStages().getType()))
    l.assembly("fence.proxy.async.shared::cta;", "~{memory}", {}, {});
  meet();
}

/// Weights that are not 0 of rows that were flagged become NaN.
Registers Guard::poisoned() {
  Value flags = l.sharedAddress(op.getFlags(), l.first);
  Registers weights(l.of(op.getWeights()));
  bool packed = isa<PackedType>(op.getWeights().getType());
  int64_t nan = half ? 0x7e00 : 0x7fc0;
  // One flag at a time, of two rows: registers are scarce here.
  for (int64_t pair = 0; pair < int64_t(weights.size()); pair += packed ? 2 : 4)
    for (int64_t column : {0, 1}) {
      int64_t offset = 8 * (pair / (packed ? 2 : 4)) + column;
      Value byte = l.assembly(llvm::formatv("ld.shared.b8 $0, [$1+{0}];", offset).str(), "=h,r,~{memory}", flags, l.tI16).front();
      Value bad = LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, byte, LLVM::ConstantOp::create(l, l.tI16, l.getI16IntegerAttr(0)));
      for (int64_t row : {0, 1}) {
        Value &weight = weights[packed ? pair + row : pair + 2 * row + column], counts, spoilt;
        if (packed) {
          counts = LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, l.andi(weight, column ? 0x7fff0000 : 0x7fff), l.i32(0));
          spoilt = LLVM::OrOp::create(l, weight, l.i32(column ? nan << 16 : nan));
        } else {
          counts = LLVM::FCmpOp::create(l, LLVM::FCmpPredicate::une, weight, l.f32(0));
          spoilt = l.f32(std::numeric_limits<double>::quiet_NaN());
        }
        weight = LLVM::SelectOp::create(l, LLVM::AndOp::create(l, counts, bad), spoilt, weight);
      }
    }
  return weights;
}

static LogicalResult lower(WgLowering &l, GuardOp op) {
  ReadThreadAgain again(l);
  Operation *made = op.getStages().getDefiningOp();
  Guard g{l, op, 0, 0, 0, 0, 0, false, 0, 0, Value(), Value()};
  Type element;
  if (auto ring = dyn_cast_or_null<RingOp>(made)) {
    auto roles = op->getParentOfType<RolesOp>();
    if (!roles || !roles.getConsumer().isAncestor(op->getParentRegion()))
      return l.refuse(op, "guards rings for consumers");
    g.at = ring.getAt(), g.stageBytes = ring.getType().stageBytes(), g.rows = ring.getType().getRows();
    g.rowBytes = 128, g.stages = ring.getType().getStages(), element = ring.getType().getElement();
    g.threads = 128 * roles.getConsumers(), g.barrier = 8;
    g.thread = LLVM::SubOp::create(l, l.thread, l.i32(128));
  } else if (auto tile = dyn_cast_or_null<TileOp>(made)) {
    g.at = tile.getAt(), g.stageBytes = tile.getType().stageBytes(), g.rows = tile.getType().getRows();
    g.rowBytes = tile.getType().rowBytes(), g.stages = tile.getType().getStages(), element = tile.getType().getElement();
    g.threads = l.kernel.getThreads(), g.barrier = 0, g.thread = l.thread;
  } else {
    return l.refuse(op, "guards stages that are made by wg.ring or wg.tile");
  }
  g.half = element.isF16();
  // Uses of a ring count on, stages of a tile are named.
  Value stage = l.one(op.getUse());
  if (isa<RingOp>(made))
    stage = LLVM::URemOp::create(l, stage, l.i32(g.stages));
  g.start = l.sharedAddress(g.at, l.mul(stage, l.i32(g.stageBytes)));
  Value found = g.found();
  SmallVector<Type> types(ValueRange(l.of(op.getWeights())).getTypes());
  auto branch = scf::IfOp::create(l, types, found, /*addThenBlock=*/true, /*addElseBlock=*/true);
  {
    OpBuilder::InsertionGuard inner(l);
    l.setInsertionPointToEnd(branch.thenBlock());
    g.heal();
    scf::YieldOp::create(l, g.poisoned());
    l.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(l, l.of(op.getWeights()));
  }
  l.set(op.getResult(), branch.getResults());
  return success();
}

std::optional<LogicalResult> attn::nvidia::lowerGuard(WgLowering &l, Operation *op) {
  if (auto guard = dyn_cast<GuardOp>(op))
    return lower(l, guard);
  return std::nullopt;
}
