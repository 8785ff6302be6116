// Where diverged lanes meet again: the immediate post-dominator of each branch
// (Cooper, Harvey and Kennedy's iteration on the reversed graph).
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lowering.h"
#include <algorithm>

namespace attn::emu {

void findJoins(Code &code) {
  uint32_t n = uint32_t(code.instrs.size()); // n is the exit
  std::vector<std::vector<uint32_t>> next(n + 1), before(n + 1);
  for (uint32_t i = 0; i < n; ++i) {
    const Instr &instr = code.instrs[i];
    bool branch = instr.exec == branchHandler(), indexed = instr.exec == indexedBranchHandler();
    bool leaves = instr.exec == exitHandler();
    if (branch)
      next[i].push_back(instr.target);
    if (indexed)
      for (uint32_t k = 0; k < instr.list.count; ++k)
        next[i].push_back(code.slots[instr.list.begin + k]);
    if (leaves)
      next[i].push_back(n);
    if (!(branch || indexed || leaves) || instr.guard != NoSlot)
      next[i].push_back(i + 1);
    for (uint32_t t : next[i])
      before[t].push_back(i);
  }
  // Post-order of the reversed graph from the exit.
  std::vector<uint32_t> order, number(n + 1, ~0u);
  std::vector<bool> seen(n + 1);
  std::vector<std::pair<uint32_t, size_t>> path{{n, 0}};
  seen[n] = true;
  while (!path.empty()) {
    auto &[node, child] = path.back();
    if (child < before[node].size()) {
      uint32_t p = before[node][child++];
      if (!seen[p]) {
        seen[p] = true;
        path.push_back({p, 0});
      }
    } else {
      number[node] = uint32_t(order.size());
      order.push_back(node);
      path.pop_back();
    }
  }
  std::vector<uint32_t> dominator(n + 1, ~0u);
  dominator[n] = n;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t k = order.size(); k-- > 0;) {
      uint32_t node = order[k], best = ~0u;
      if (node == n)
        continue;
      for (uint32_t t : next[node]) {
        if (dominator[t] == ~0u)
          continue;
        uint32_t x = best == ~0u ? t : best, y = t;
        while (x != y) {
          while (number[x] < number[y])
            x = dominator[x];
          while (number[y] < number[x])
            y = dominator[y];
        }
        best = x;
      }
      if (best != dominator[node]) {
        dominator[node] = best;
        changed = true;
      }
    }
  }
  // A loop that never ends has no way to the exit: its lanes never meet.
  for (uint32_t i = 0; i < n; ++i)
    code.instrs[i].join = dominator[i] == ~0u ? n : dominator[i];
}

} // namespace attn::emu
