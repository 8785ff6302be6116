// Lists and tables of what the caller gives as sets [S12]: one thread makes one.
#include "codegen/cpu/Kernel.h"
#include "codegen/cpu/Micro.h"

using namespace mlir;
using namespace plan;
using namespace attn::cpu;

// `list.collect` keeps the items in range; what is not ascending is sorted in
// place, as a heap, and repeated ones are dropped.
static const char *const helpers = R"(
func.func private @list.sift(%items: !llvm.ptr, %start: i64, %end: i64) attributes {no_inline} {
  %1 = arith.constant 1 : i64
  %last = arith.subi %end, %1 : i64
  %done = scf.while (%root = %start) : (i64) -> i64 {
    %twice = arith.addi %root, %root : i64
    %left = arith.addi %twice, %1 : i64
    %inside = arith.cmpi slt, %left, %end : i64
    %a = arith.minsi %left, %last : i64
    %right = arith.addi %a, %1 : i64
    %b = arith.minsi %right, %last : i64
    %pa = llvm.getelementptr inbounds %items[%a] : (!llvm.ptr, i64) -> !llvm.ptr, i32
    %pb = llvm.getelementptr inbounds %items[%b] : (!llvm.ptr, i64) -> !llvm.ptr, i32
    %pr = llvm.getelementptr inbounds %items[%root] : (!llvm.ptr, i64) -> !llvm.ptr, i32
    %xa = llvm.load %pa : !llvm.ptr -> i32
    %xb = llvm.load %pb : !llvm.ptr -> i32
    %xr = llvm.load %pr : !llvm.ptr -> i32
    %second = arith.cmpi sgt, %xb, %xa : i32
    %child = arith.select %second, %b, %a : i64
    %pc = arith.select %second, %pb, %pa : !llvm.ptr
    %xc = arith.maxsi %xa, %xb : i32
    %greater = arith.cmpi sgt, %xc, %xr : i32
    %go = arith.andi %inside, %greater : i1
    scf.if %go {
      llvm.store %xc, %pr : i32, !llvm.ptr
      llvm.store %xr, %pc : i32, !llvm.ptr
    }
    scf.condition(%go) %child : i64
  } do {
  ^bb0(%child: i64):
    scf.yield %child : i64
  }
  func.return
}
func.func private @list.collect(%raw: !llvm.ptr, %stride: i64, %slots: i64, %from: i64, %to: i64, %list: !llvm.ptr) attributes {no_inline} {
  %0 = arith.constant 0 : i64
  %1 = arith.constant 1 : i64
  %2 = arith.constant 2 : i64
  %yes = arith.constant true
  %items = llvm.getelementptr inbounds %list[1] : (!llvm.ptr) -> !llvm.ptr, i32
  %n, %ascending, %top = scf.for %k = %0 to %slots step %1 iter_args(%at = %0, %rises = %yes, %before = %from) -> (i64, i1, i64) : i64 {
    %shift = arith.muli %k, %stride : i64
    %p = llvm.getelementptr %raw[%shift] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    %narrow = llvm.load %p : !llvm.ptr -> i32
    %x = arith.extsi %narrow : i32 to i64
    %above = arith.cmpi sge, %x, %from : i64
    %below = arith.cmpi slt, %x, %to : i64
    %member = arith.andi %above, %below : i1
    scf.if %member {
      %q = llvm.getelementptr inbounds %items[%at] : (!llvm.ptr, i64) -> !llvm.ptr, i32
      llvm.store %narrow, %q : i32, !llvm.ptr
    }
    %some = arith.extui %member : i1 to i64
    %at1 = arith.addi %at, %some : i64
    %fits = arith.cmpi sge, %x, %before : i64
    %follows = arith.select %member, %fits, %yes : i1
    %rises1 = arith.andi %rises, %follows : i1
    %x1 = arith.addi %x, %1 : i64
    %before1 = arith.select %member, %x1, %before : i64
    scf.yield %at1, %rises1, %before1 : i64, i1, i64
  }
  %count = scf.if %ascending -> i64 {
    scf.yield %n : i64
  } else {
    %half = arith.divsi %n, %2 : i64
    scf.for %k = %0 to %half step %1 : i64 {
      %j = arith.subi %half, %k : i64
      %root = arith.subi %j, %1 : i64
      func.call @list.sift(%items, %root, %n) : (!llvm.ptr, i64, i64) -> ()
    }
    scf.for %k = %1 to %n step %1 : i64 {
      %last = arith.subi %n, %k : i64
      %p = llvm.getelementptr inbounds %items[%last] : (!llvm.ptr, i64) -> !llvm.ptr, i32
      %a = llvm.load %items : !llvm.ptr -> i32
      %b = llvm.load %p : !llvm.ptr -> i32
      llvm.store %b, %items : i32, !llvm.ptr
      llvm.store %a, %p : i32, !llvm.ptr
      func.call @list.sift(%items, %0, %last) : (!llvm.ptr, i64, i64) -> ()
    }
    %first = arith.minsi %n, %1 : i64
    %kept = scf.for %k = %1 to %n step %1 iter_args(%at = %first) -> (i64) : i64 {
      %p = llvm.getelementptr inbounds %items[%k] : (!llvm.ptr, i64) -> !llvm.ptr, i32
      %x = llvm.load %p : !llvm.ptr -> i32
      %j = arith.subi %at, %1 : i64
      %q = llvm.getelementptr inbounds %items[%j] : (!llvm.ptr, i64) -> !llvm.ptr, i32
      %y = llvm.load %q : !llvm.ptr -> i32
      %new = arith.cmpi ne, %x, %y : i32
      scf.if %new {
        %r = llvm.getelementptr inbounds %items[%at] : (!llvm.ptr, i64) -> !llvm.ptr, i32
        llvm.store %x, %r : i32, !llvm.ptr
      }
      %some = arith.extui %new : i1 to i64
      %at1 = arith.addi %at, %some : i64
      scf.yield %at1 : i64
    }
    scf.yield %kept : i64
  }
  %short = arith.trunci %count : i64 to i32
  llvm.store %short, %list : i32, !llvm.ptr
  func.return
}
func.func private @list.mark(%raw: !llvm.ptr, %stride: i64, %slots: i64, %from: i64, %to: i64, %table: !llvm.ptr) attributes {no_inline} {
  %0 = arith.constant 0 : i64
  %1 = arith.constant 1 : i64
  %no = arith.constant 0 : i8
  %yes = arith.constant 1 : i8
  %n = arith.subi %to, %from : i64
  scf.for %k = %0 to %n step %1 : i64 {
    %p = llvm.getelementptr inbounds %table[%k] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    llvm.store %no, %p : i8, !llvm.ptr
  }
  scf.for %k = %0 to %slots step %1 : i64 {
    %shift = arith.muli %k, %stride : i64
    %p = llvm.getelementptr %raw[%shift] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    %narrow = llvm.load %p : !llvm.ptr -> i32
    %x = arith.extsi %narrow : i32 to i64
    %above = arith.cmpi sge, %x, %from : i64
    %below = arith.cmpi slt, %x, %to : i64
    %member = arith.andi %above, %below : i1
    scf.if %member {
      %at = arith.subi %x, %from : i64
      %q = llvm.getelementptr inbounds %table[%at] : (!llvm.ptr, i64) -> !llvm.ptr, i8
      llvm.store %yes, %q : i8, !llvm.ptr
    }
  }
  func.return
}
)";

static func::FuncOp helper(ModuleOp module, StringRef name) { return parsedFunction(module, name, helpers); }

void KernelLowering::emitList(Tiles &t, Operation *op) {
  Emit &e = t.e;
  auto collect = dyn_cast<CollectOp>(op);
  auto mark = dyn_cast<MarkOp>(op);
  ValueRange indices = collect ? collect.getIndices() : mark.getIndices();
  const Memory &raw = frame.memory.find(collect ? collect.getRaw() : mark.getRaw())->second;
  const Memory &made = frame.memory.find(collect ? collect.getList() : mark.getTable())->second;
  t.mark();
  auto stride = [&](const Memory &m, unsigned k) {
    return e.mul(e.loadSlot(t.cx.frame, m.strideSlot(k), e.i64()), e.integer(Emit::bytes(m.element)));
  };
  auto address = [&](const Memory &m) {
    Value p = e.loadSlot(t.cx.frame, m.slot, e.ptr());
    for (auto [k, index] : llvm::enumerate(indices))
      p = e.at(p, e.mul(t.scalar(index), stride(m, k)));
    return p;
  };
  unsigned slots = indices.size();
  SmallVector<Value> args{address(raw), stride(raw, slots), t.lengthOf(raw, slots), t.scalar(collect ? collect.getFrom() : mark.getFrom()),
                          t.scalar(collect ? collect.getTo() : mark.getTo()), address(made)};
  func::CallOp::create(e, helper(module, collect ? "list.collect" : "list.mark"), args);
}
