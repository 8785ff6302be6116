#include "runtime/emulator/Families.h"

namespace attn::emu {

Family familyOf(std::string_view base) {
  static const std::unordered_map<std::string_view, Family> families = {
      {"add", lowerArithmetic},    {"sub", lowerArithmetic},   {"mul", lowerArithmetic},
      {"mad", lowerArithmetic},    {"fma", lowerFloat},        {"div", lowerArithmetic},
      {"abs", lowerArithmetic},    {"neg", lowerArithmetic},   {"min", lowerArithmetic},
      {"max", lowerArithmetic},    {"rem", lowerInteger},      {"addc", lowerInteger},
      {"subc", lowerInteger},      {"madc", lowerInteger},     {"mul24", lowerInteger},
      {"mad24", lowerInteger},     {"sad", lowerInteger},      {"dp4a", lowerInteger},
      {"and", lowerBits},          {"or", lowerBits},          {"xor", lowerBits},
      {"not", lowerBits},          {"cnot", lowerBits},        {"shl", lowerBits},
      {"shr", lowerBits},          {"shf", lowerBits},         {"bfe", lowerBits},
      {"bfi", lowerBits},          {"brev", lowerBits},        {"popc", lowerBits},
      {"clz", lowerBits},          {"bfind", lowerBits},       {"prmt", lowerBits},
      {"lop3", lowerBits},         {"bmsk", lowerBits},        {"szext", lowerBits},
      {"rcp", lowerFunction},      {"sqrt", lowerFunction},    {"rsqrt", lowerFunction},
      {"ex2", lowerFunction},      {"lg2", lowerFunction},     {"sin", lowerFunction},
      {"cos", lowerFunction},      {"tanh", lowerFunction},    {"copysign", lowerFloat},
      {"testp", lowerCompare},     {"setp", lowerCompare},     {"set", lowerCompare},
      {"selp", lowerCompare},      {"slct", lowerCompare},     {"cvt", lowerConvert},
      {"mov", lowerMove},          {"cvta", lowerMove},        {"isspacep", lowerMove},
      {"mapa", lowerMove},         {"getctarank", lowerMove},  {"ld", lowerMemory},
      {"ldu", lowerMemory},        {"st", lowerMemory},        {"prefetch", lowerMemory},
      {"prefetchu", lowerMemory},  {"discard", lowerMemory},   {"applypriority", lowerMemory},
      {"atom", lowerAtomic},       {"red", lowerAtomic},       {"shfl", lowerWarp},
      {"vote", lowerWarp},         {"match", lowerWarp},       {"redux", lowerWarp},
      {"elect", lowerWarp},        {"activemask", lowerWarp},  {"bar", lowerBarrier},
      {"barrier", lowerBarrier},   {"membar", lowerBarrier},   {"fence", lowerBarrier},
      {"mbarrier", lowerMbarrier}, {"cp", lowerCopy},          {"ldmatrix", lowerMatrix},
      {"stmatrix", lowerMatrix},   {"mma", lowerMatrix},       {"movmatrix", lowerMatrix},
      {"wgmma", lowerWgmma},       {"exit", lowerControl},     {"trap", lowerControl},
      {"brkpt", lowerControl},     {"nanosleep", lowerControl}, {"pmevent", lowerControl},
      {"griddepcontrol", lowerControl}, {"setmaxnreg", lowerControl},
  };
  auto it = families.find(base);
  return it == families.end() ? nullptr : it->second;
}

} // namespace attn::emu
