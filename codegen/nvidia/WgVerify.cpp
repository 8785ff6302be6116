// What `wg` operations demand of their parts: rules [wg-2] to [wg-18].
#include "codegen/nvidia/Wg.h"

using namespace mlir;
using namespace wg;

static FragType fragOf(Value value) { return value ? cast<FragType>(value.getType()) : FragType(); }

/// Whether `part` has the sides of `whole` or one of them.
static bool fits(FragType part, FragType whole) {
  return (!part.getRows() || whole.getRows()) && (part.getCols() == 0 || part.getCols() == whole.getCols());
}

static LogicalResult verifyRegisters(Operation *op, int64_t registers) {
  if (registers < 24 || registers > 256 || registers % 8 != 0)
    return op->emitOpError() << "shares out registers in multiples of 8 from 24 to 256, not " << registers;
  return success();
}

// [wg-2] Whole groups of threads; the three fixed arguments come first.
LogicalResult KernelOp::verify() {
  if (getThreads() <= 0 || getThreads() % 128 != 0 || getThreads() > 1024)
    return emitOpError() << "has groups of 128 threads, 1024 at most, not " << getThreads();
  if (getShared() < 0 || getShared() > 232448)
    return emitOpError() << "has at most 232448 bytes of shared memory, not " << getShared();
  if (getFrame() <= 0 || getFrame() % 8 != 0)
    return emitOpError() << "has a frame of 8-byte slots, not of " << getFrame() << " bytes";
  if (entry().getNumArguments() < 3)
    return emitOpError("takes frame, scratch and statistics");
  for (BlockArgument argument : entry().getArguments()) {
    unsigned n = argument.getArgNumber();
    if (argument.getType() != LLVM::LLVMPointerType::get(getContext(), n == 1 || n == 2 ? 1 : 0))
      return emitOpError() << "cannot take a " << argument.getType() << " as argument " << n;
  }
  return success();
}

// [wg-3] The groups of the kernel play a role each, with registers for all.
LogicalResult RolesOp::verify() {
  if (failed(verifyRegisters(*this, getProducerRegisters())) || failed(verifyRegisters(*this, getConsumerRegisters())))
    return failure();
  if (getConsumers() <= 0)
    return emitOpError("has a consumer at least");
  if (getProducer().getNumArguments() != 0 || getConsumer().getNumArguments() != 1 ||
      !getConsumer().getArgument(0).getType().isInteger(32))
    return emitOpError("gives consumers their number, an i32");
  auto kernel = (*this)->getParentOfType<KernelOp>();
  if (kernel && int64_t(kernel.getThreads()) != 128 * (1 + int64_t(getConsumers())))
    return emitOpError() << "needs " << 128 * (1 + getConsumers()) << " threads; the kernel has " << kernel.getThreads();
  int64_t total = 128 * (getProducerRegisters() + getConsumers() * getConsumerRegisters());
  if (total > 65536)
    return emitOpError() << "shares out " << total << " registers of 65536";
  return success();
}

// [wg-4] Barriers 1, 2, .. are the turns.
LogicalResult TurnOp::verify() {
  if (int64_t(getOf()) < 2 || getOf() > 7)
    return emitOpError() << "is among 2 to 7 groups, not " << getOf();
  return success();
}

template <class Op> static LogicalResult verifyPlace(Op op, int64_t align) {
  if (int64_t(op.getAt()) < 0 || int64_t(op.getAt()) % align != 0)
    return op.emitOpError() << "lies at a multiple of " << align << ", not at " << op.getAt();
  auto kernel = op->template getParentOfType<KernelOp>();
  if (kernel && int64_t(op.getAt()) + op.getType().bytes() > int64_t(kernel.getShared()))
    return op.emitOpError() << "ends at byte " << int64_t(op.getAt()) + op.getType().bytes() << " of " << kernel.getShared();
  return success();
}

// [wg-5] Stages and barriers are aligned and lie in the kernel's shared memory.
LogicalResult RingOp::verify() {
  if (failed(verifyPlace(*this, 1024)))
    return failure();
  int64_t from = getBarriers(), to = from + getType().barrierBytes();
  if (from < 0 || from % 8 != 0)
    return emitOpError() << "has barriers at a multiple of 8, not at " << from;
  auto kernel = (*this)->getParentOfType<KernelOp>();
  if (kernel && to > int64_t(kernel.getShared()))
    return emitOpError() << "has barriers up to byte " << to << " of " << kernel.getShared();
  if (from < int64_t(getAt()) + getType().bytes() && to > int64_t(getAt()))
    return emitOpError("has barriers inside its stages");
  return success();
}
LogicalResult TileOp::verify() { return verifyPlace(*this, 128); }

// [wg-6] Boxes are 8-row pieces of a stage; a map has 2 to 5 sides.
LogicalResult CopyOp::verify() {
  int64_t rows = getRows().value_or(getRing().getType().getRows()), from = getFrom();
  if (getCoordinates().empty() || getCoordinates().size() > 4)
    return emitOpError() << "takes 1 to 4 coordinates, not " << getCoordinates().size();
  if (rows <= 0 || rows % 8 != 0 || from < 0 || from % 8 != 0)
    return emitOpError("fills rows in multiples of 8");
  if (rows > 256)
    return emitOpError() << "fetches at most 256 rows, not " << rows;
  if (auto ring = getRing().getDefiningOp<RingOp>(); ring && ring.getGathered())
    return emitOpError("does not fill rings that are gathered");
  if (from + rows > getRing().getType().getRows())
    return emitOpError() << "ends at row " << from + rows << " of a stage of " << getRing().getType().getRows();
  return success();
}

// [wg-7] An operand has the shape of its stage.
LogicalResult OperandOp::verify() {
  RingType ring = getRing().getType();
  DescType desc = getType();
  if (ring.getRows() != desc.getRows() || ring.getCols() != desc.getCols() || ring.getElement() != desc.getElement())
    return emitOpError() << "is a stage of " << ring << ", not " << desc;
  return success();
}
LogicalResult LoadPackedOp::verify() {
  TileType tile = getTile().getType();
  if (tile.getElement() != getType().getElement() || int64_t(llvm::alignTo(tile.getCols(), 16)) != getType().getCols())
    return emitOpError() << "gives all columns of " << tile << ", not " << getType();
  return success();
}

// [wg-17] Eight threads copy a row, and every thread as many rows.
static LogicalResult verifyShare(Operation *op, int64_t rows, int64_t threads) {
  int64_t together = threads / 8;
  if (together % 8 || rows % together)
    return op->emitOpError() << "cannot share " << rows << " rows among " << threads << " threads";
  return success();
}
LogicalResult FetchOp::verify() {
  auto kernel = (*this)->getParentOfType<KernelOp>();
  return kernel ? verifyShare(*this, getTile().getType().getRows(), kernel.getThreads()) : success();
}

// [wg-18] A ring that threads of a producer fill, or a tile of all threads.
LogicalResult GatherOp::verify() {
  if (int64_t(getOf()) < 1)
    return emitOpError() << "takes blocks of a row at least, not of " << int64_t(getOf());
  auto kernel = (*this)->getParentOfType<KernelOp>();
  if (auto tile = dyn_cast<TileType>(getStages().getType()))
    return kernel ? verifyShare(*this, tile.getRows(), kernel.getThreads()) : success();
  if (getComponents())
    return emitOpError("copies 16 bytes at a time into a ring");
  auto ring = getStages().getDefiningOp<RingOp>();
  if (ring && !ring.getGathered())
    return emitOpError("fills rings that are gathered");
  if (auto roles = (*this)->getParentOfType<RolesOp>(); !roles || !roles.getWhole() || !roles.getProducer().isAncestor((*this)->getParentRegion()))
    return emitOpError("belongs to a producer that is a whole group");
  return verifyShare(*this, cast<RingType>(getStages().getType()).getRows(), 128);
}

/// [wg-8] Sizes of a product: `k` summed on each side, `n` columns on the right.
static LogicalResult verifyProduct(Operation *op, int64_t lhs, int64_t k, int64_t n, FragType result, bool sameElement) {
  if (!sameElement)
    return op->emitOpError("has operands of one element type");
  if (!result.getRows() || !result.getElement().isF32())
    return op->emitOpError() << "gives a tile of f32, not " << result;
  if (llvm::alignTo(lhs, 16) > llvm::alignTo(k, 16))
    return op->emitOpError() << "sums over " << lhs << " elements on the left and " << k << " on the right";
  if (result.getCols() > n)
    return op->emitOpError() << "has " << n << " columns on the right, the result " << result.getCols();
  return success();
}

LogicalResult GemmOp::verify() {
  DescType rhs = getRhs().getType();
  bool rows = rhs.getAlong() == Along::Rows;
  int64_t k = rows ? rhs.getRows() : llvm::alignTo(rhs.getCols(), 64);
  int64_t n = rows ? llvm::alignTo(rhs.getCols(), 64) : rhs.getRows();
  if (getType().getCols() < 8 || getType().getCols() > 256)
    return emitOpError() << "gives 8 to 256 columns, not " << getType().getCols();
  if (auto packed = dyn_cast<PackedType>(getLhs().getType()))
    return verifyProduct(*this, packed.getCols(), k, n, getType(), packed.getElement() == rhs.getElement());
  auto lhs = cast<DescType>(getLhs().getType());
  if (lhs.getAlong() != Along::Cols || lhs.getRows() < 64)
    return emitOpError("takes 64 rows or more along columns on the left");
  return verifyProduct(*this, lhs.getCols(), k, n, getType(), lhs.getElement() == rhs.getElement());
}

LogicalResult MmaOp::verify() {
  TileType tile = getTile().getType();
  bool rows = getAlong() == Along::Rows;
  if (getExact() && (!rows || !getAcc()))
    return emitOpError("is exact along rows, with an accumulator");
  int64_t k = rows ? tile.getRows() : llvm::alignTo(tile.getCols(), 64);
  int64_t n = rows ? llvm::alignTo(tile.getCols(), 64) : tile.getRows();
  return verifyProduct(*this, getLhs().getType().getCols(), k, n, getType(),
                       getLhs().getType().getElement() == tile.getElement());
}

// [wg-9] Only results and packed operands of products are awaited.
LogicalResult AwaitOp::verify() {
  if (getPending() > 7)
    return emitOpError() << "leaves at most 7 products pending, not " << getPending();
  for (Value value : getValues())
    if (auto frag = dyn_cast<FragType>(value.getType()); frag && !frag.getElement().isF32())
      return emitOpError() << "waits for products of f32, not " << frag;
  return success();
}

static LogicalResult verifyRowValues(Operation *op, FragType frag) {
  if (!frag.getRows() || frag.getCols())
    return op->emitOpError() << "takes row values, not " << frag;
  return success();
}

// [wg-10] Row values of f32.
LogicalResult PinOp::verify() {
  if (!fragOf(getRows()).getElement().isF32())
    return emitOpError() << "takes f32, not " << fragOf(getRows());
  return verifyRowValues(*this, fragOf(getRows()));
}

// [wg-11] Positions are row or column values of the base's type; `any` takes
// truth values; `fill` one element.
LogicalResult RowsOp::verify() {
  if (getType().getElement() != getBase().getType())
    return emitOpError() << "gives " << getBase().getType() << ", not " << getType();
  return verifyRowValues(*this, getType());
}
LogicalResult ColsOp::verify() {
  if (getType().getRows() || getType().getElement() != getBase().getType())
    return emitOpError() << "gives column values of " << getBase().getType() << ", not " << getType();
  return success();
}
LogicalResult StepsOp::verify() {
  if (getType().getRows() || !getType().getElement().isIntOrIndex())
    return emitOpError() << "gives integers of columns, not " << getType();
  return success();
}
LogicalResult FillOp::verify() {
  if (getType().getElement() != getValue().getType())
    return emitOpError() << "gives elements of " << getValue().getType() << ", not " << getType();
  return success();
}
LogicalResult AnyOp::verify() {
  if (!fragOf(getFrag()).getElement().isInteger(1))
    return emitOpError() << "takes i1, not " << fragOf(getFrag());
  return success();
}

// [wg-12] The region takes an element of each operand and gives one of each
// result; results have the same sides, operands those or one of them.
LogicalResult MapOp::verify() {
  if (getNumResults() == 0)
    return emitOpError("has a result");
  auto whole = cast<FragType>(getResult(0).getType());
  if (getBody().getNumArguments() != getFrags().size() || getNames().size() != getFrags().size())
    return emitOpError("must bind one element of every operand");
  for (auto [frag, argument] : llvm::zip(getFrags(), getBody().getArguments())) {
    if (argument.getType() != fragOf(frag).getElement())
      return emitOpError() << "binds a " << argument.getType() << " as an element of " << frag.getType();
    if (!fits(fragOf(frag), whole))
      return emitOpError() << "cannot repeat " << frag.getType() << " over " << whole;
  }
  auto yield = getBody().front().empty() ? YieldOp() : dyn_cast<YieldOp>(getBody().front().back());
  if (!yield || yield.getValues().size() != getNumResults())
    return emitOpError() << "must yield " << getNumResults() << " values";
  for (auto [result, value] : llvm::zip(getResults(), yield.getValues())) {
    if (fragOf(result).with(whole.getElement()) != whole)
      return emitOpError() << "has results of one shape, not " << whole << " and " << result.getType();
    if (fragOf(result).getElement() != value.getType())
      return emitOpError() << "yields a " << value.getType() << " as an element of " << result.getType();
  }
  return success();
}

// [wg-13] sum, max and min of numbers, any and all of truth values.
static LogicalResult verifyFold(Operation *op, attn::Fold kind, FragType frag) {
  bool truth = frag.getElement().isInteger(1);
  switch (kind) {
  case attn::Fold::Sum:
  case attn::Fold::Max:
  case attn::Fold::Min:
    if (truth)
      return op->emitOpError() << "takes numbers, not " << frag;
    return success();
  case attn::Fold::Any:
  case attn::Fold::All:
    if (!truth)
      return op->emitOpError() << "takes i1, not " << frag;
    return success();
  default:
    return op->emitOpError() << "cannot be a " << attn::stringifyFold(kind);
  }
}
LogicalResult FoldOp::verify() {
  FragType frag = fragOf(getFrag());
  if (!frag.getRows() || !frag.getCols() || FragType::get(getContext(), true, 0, frag.getElement()) != getType())
    return emitOpError() << "folds a tile into its rows, not " << frag << " into " << getType();
  return verifyFold(*this, getKind(), frag);
}
LogicalResult ReduceOp::verify() {
  if (failed(verifyRowValues(*this, fragOf(getFrag()))))
    return failure();
  return verifyFold(*this, getKind(), fragOf(getFrag()));
}

// [wg-14] A tile of f32 with as many columns.
LogicalResult PackOp::verify() {
  FragType frag = fragOf(getFrag());
  if (!frag.getRows() || !frag.getElement().isF32() || frag.getCols() != getType().getCols())
    return emitOpError() << "packs a tile of f32 with the same columns, not " << frag << " into " << getType();
  return success();
}

static LogicalResult verifyAccess(Operation *op, FragType index, FragType valid, FragType whole) {
  if (!index.getElement().isInteger(32) && !index.getElement().isInteger(64))
    return op->emitOpError() << "is indexed by i32 or i64, not " << index;
  if (!fits(index, whole) || (valid && !fits(valid, whole)))
    return op->emitOpError() << "has positions with sides that " << whole << " lacks";
  if (valid && !valid.getElement().isInteger(1))
    return op->emitOpError() << "is guarded by i1, not " << valid;
  return success();
}

// [wg-15] Indices are integers, guards truth values, with sides of the
// fragment. Stores go by rows, and so do loads with a stride.
LogicalResult LoadOp::verify() {
  FragType index = fragOf(getIndex());
  if (getStride() && (getType().getCols() == 0 || index.getCols() != 0))
    return emitOpError() << "has a stride beside an index of " << index << " for " << getType();
  return verifyAccess(*this, index, fragOf(getValid()), getType());
}
LogicalResult StoreOp::verify() {
  FragType value = fragOf(getValue());
  if (failed(verifyRowValues(*this, fragOf(getIndex()))) ||
      (getValid() && failed(verifyRowValues(*this, fragOf(getValid())))))
    return failure();
  if (!value.getRows())
    return emitOpError() << "stores rows, not " << value;
  if (int64_t align = getAlign().value_or(1); align <= 0 || !llvm::isPowerOf2_64(align))
    return emitOpError() << "promises a power of two of bytes, not " << align;
  if (int64_t cols = getCols().value_or(value.getCols()); cols < 0 || cols > value.getCols())
    return emitOpError() << "has " << value.getCols() << " columns to store, not " << cols;
  return verifyAccess(*this, fragOf(getIndex()), fragOf(getValid()), value);
}

// [wg-16] One weight for every row of the stage, f32 or packed as its elements;
// the flags lie in shared memory.
LogicalResult GuardOp::verify() {
  auto ring = dyn_cast<RingType>(getStages().getType());
  auto tile = dyn_cast<TileType>(getStages().getType());
  int64_t rows = ring ? ring.getRows() : tile.getRows(), weights = 0;
  Type expected = ring ? ring.getElement() : tile.getElement(), element;
  if (auto packed = dyn_cast<PackedType>(getWeights().getType())) {
    weights = packed.getCols(), element = packed.getElement();
  } else {
    FragType frag = fragOf(getWeights());
    weights = frag.getRows() ? frag.getCols() : 0, element = frag.getElement(), expected = Float32Type::get(getContext());
  }
  if (weights == 0 || weights > rows)
    return emitOpError() << "takes weights of " << rows << " rows at most, not " << getWeights().getType();
  if (element != expected)
    return emitOpError() << "takes weights of " << expected << ", not " << getWeights().getType();
  auto kernel = (*this)->getParentOfType<KernelOp>();
  if (int64_t(getFlags()) < 0 || (kernel && int64_t(getFlags()) + rows > int64_t(kernel.getShared())))
    return emitOpError() << "has flags up to byte " << int64_t(getFlags()) + rows << " of " << (kernel ? kernel.getShared() : 0);
  return success();
}
