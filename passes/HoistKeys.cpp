#include "dialect/AttnOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace attn {
#define GEN_PASS_DEF_HOISTKEYSPASS
#include "passes/Passes.h.inc"
} // namespace attn

using namespace attn;

namespace {

/// What an element depends on: bit k is the k-th index of the attend.
using Indices = uint32_t;
/// The head, but only through its group.
constexpr Indices viaGroup = 1u << 30;
/// Something that only the row as a whole knows.
constexpr Indices wholeRow = 1u << 31;

/// One region of an attend and what can be taken out of it.
class RegionHoister {
public:
  RegionHoister(AttendOp attend, Region &region, unsigned &serial)
      : attend(attend), block(region.front()), serial(serial),
        outer(attend.getBounds().size()), key(1u << outer),
        row(1u << (outer - 1)) {}

  void run() {
    for (Operation &op : block)
      analyze(op);
    SmallVector<Operation *> roots;
    for (Operation &op : block)
      if (isRoot(op) && isWorthStoring(op))
        roots.push_back(&op);
    for (Operation *root : roots)
      hoist(*root);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

private:
  Indices indicesOf(Value value) const {
    auto argument = dyn_cast<BlockArgument>(value);
    if (argument && argument.getOwner() == &block)
      return argument.getArgNumber() <= outer ? 1u << argument.getArgNumber()
                                              : wholeRow;
    return value.getDefiningOp() ? indices.lookup(value.getDefiningOp()) : 0;
  }

  bool isHead(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == &block &&
           argument.getArgNumber() < outer &&
           attend.getType().getLabels()[argument.getArgNumber()] == "H";
  }

  void analyze(Operation &op) {
    Indices found = isa<CountOp, RowSumOp>(op) ? wholeRow : 0;
    if (isa<KvHeadOp>(op) && isHead(op.getOperand(0)))
      found |= viaGroup;
    else
      op.walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          found |= indicesOf(operand);
      });
    indices[&op] = found;
  }

  /// Depends on the key, but not on the row.
  bool isKeyOnly(Operation &op) const {
    Indices of = indices.lookup(&op);
    return (of & key) && !(of & (row | wholeRow));
  }

  bool isRoot(Operation &op) const {
    return isKeyOnly(op) && op.getNumResults() == 1 &&
           llvm::any_of(op.getUsers(), [&](Operation *user) {
             Operation *here = block.findAncestorOpInBlock(*user);
             return isa<YieldOp>(here) || !isKeyOnly(*here);
           });
  }

  /// Reads, and what costs no arithmetic on them.
  bool isPlain(Operation &op) const {
    if (isa<AtOp>(op))
      return true;
    if (!isa<arith::ExtFOp, arith::TruncFOp, vector::ExtractStridedSliceOp,
             vector::BroadcastOp, CatOp, ComponentOp>(op))
      return false;
    return llvm::all_of(op.getOperands(), [&](Value operand) {
      Operation *source = operand.getDefiningOp();
      return !source || source->getBlock() != &block || isPlain(*source) ||
             !isa<VectorType>(operand.getType());
    });
  }

  bool isWorthStoring(Operation &op) const {
    if (isPlain(op))
      return false;
    if (isa<VectorType>(op.getResult(0).getType()))
      return true;
    // A scalar is worth a place in memory if making it goes through vectors
    // or a loop.
    return llvm::any_of(slice(op), [&](Operation *part) {
      if (isa<DotOp, ReduceOp>(part))
        return isKeyOnly(*part);
      return isKeyOnly(*part) && !isPlain(*part) &&
             isa<VectorType>(part->getResult(0).getType());
    });
  }

  /// The operations of the block that `root` is made of, in order.
  SmallVector<Operation *> slice(Operation &root) const {
    llvm::SmallSetVector<Operation *, 16> parts;
    parts.insert(&root);
    for (size_t k = 0; k < parts.size(); ++k)
      parts[k]->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (Operation *source = operand.getDefiningOp();
              source && source->getBlock() == &block)
            parts.insert(source);
      });
    SmallVector<Operation *> ordered = llvm::to_vector(parts);
    llvm::sort(ordered, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    return ordered;
  }

  StringAttr keyLabel() {
    auto extent = attend.getSwept().front().getDefiningOp<ExtentOp>();
    return extent ? extent.getNameAttr()
                  : StringAttr::get(attend.getContext(), "M");
  }

  void hoist(Operation &root) {
    Location loc = root.getLoc();
    OpBuilder builder(attend);
    Indices of = indices.lookup(&root);
    auto headLabel = builder.getStringAttr("H");
    SmallVector<StringAttr> labels;
    SmallVector<Attribute> names;
    SmallVector<Value> bounds, sources;
    for (unsigned k = 0; k < outer; ++k) {
      StringAttr label = attend.getType().getLabels()[k];
      bool isGroup = label == headLabel && (of & viaGroup) && !(of & (1u << k));
      if (isGroup) {
        labels.push_back(builder.getStringAttr("G"));
        names.push_back(builder.getStringAttr("g"));
        bounds.push_back(ExtentOp::create(builder, loc, "G"));
        sources.push_back({});
      } else if (of & (1u << k)) {
        labels.push_back(label);
        names.push_back(attend.getIndices()[k]);
        bounds.push_back(attend.getBounds()[k]);
        sources.push_back(block.getArgument(k));
      }
    }
    labels.push_back(keyLabel());
    names.push_back(attend.getIndices()[outer]);
    bounds.push_back(attend.getSwept().front());
    sources.push_back(block.getArgument(outer));

    auto type = FieldType::get(attend.getContext(), labels,
                               root.getResult(0).getType());
    std::string name = attend.getName().str() + ".keys";
    if (serial)
      name += std::to_string(serial);
    ++serial;
    auto define = DefineOp::create(builder, loc, type, name,
                                   builder.getArrayAttr(names), bounds);
    Block &body = define.getBody().emplaceBlock();
    IRMapping mapping;
    Value group;
    for (Value source : sources) {
      Value binder = body.addArgument(builder.getIndexType(), loc);
      if (source)
        mapping.map(source, binder);
      else
        group = binder;
    }
    builder.setInsertionPointToStart(&body);
    for (Operation *part : slice(root)) {
      if (group && isa<KvHeadOp>(part) && isHead(part->getOperand(0)))
        mapping.map(part->getResult(0), group);
      else
        builder.clone(*part, mapping);
    }
    YieldOp::create(builder, loc, mapping.lookup(root.getResult(0)), Value());

    builder.setInsertionPoint(&root);
    SmallVector<Value> position;
    for (Value source : sources)
      position.push_back(source ? source : groupHere(builder, loc));
    Value read = AtOp::create(builder, loc, define, position);
    root.getResult(0).replaceAllUsesWith(read);
  }

  Value groupHere(OpBuilder &builder, Location loc) {
    for (unsigned k = 0; k < outer; ++k)
      if (isHead(block.getArgument(k)))
        return KvHeadOp::create(builder, loc, block.getArgument(k));
    llvm_unreachable("a group without a head");
  }

  AttendOp attend;
  Block &block;
  unsigned &serial;
  unsigned outer;
  Indices key, row;
  llvm::DenseMap<Operation *, Indices> indices;
};

struct HoistKeys : attn::impl::HoistKeysPassBase<HoistKeys> {
  void runOnOperation() override {
    for (auto attend : llvm::to_vector(getOperation().getOps<AttendOp>())) {
      // Sums over two swept indices have no single key to store by.
      if (attend.getSwept().size() != 1 || attend.getBounds().empty())
        continue;
      unsigned serial = 0;
      for (Region *region : {&attend.getMask(), &attend.getScore(),
                             &attend.getWeights(), &attend.getValue()})
        RegionHoister(attend, *region, serial).run();
    }
  }
};

} // namespace
