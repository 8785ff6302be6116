#include "runtime/Half.h"
#include "runtime/Npy.h"
#include "runtime/Tensor.h"
#include <cmath>
#include <cstdio>
#include <gtest/gtest.h>

using namespace attn;
using core::DType;

// Every half is its own image, and halves lie where arithmetic puts them.
TEST(Half, AllValuesRoundTrip) {
  for (uint32_t h = 0; h < 65536; ++h) {
    float f = fromF16(uint16_t(h)), b = fromBF16(uint16_t(h));
    if (std::isnan(f))
      EXPECT_TRUE(std::isnan(fromF16(toF16(f))));
    else
      ASSERT_EQ(toF16(f), h);
    if (std::isnan(b))
      EXPECT_TRUE(std::isnan(fromBF16(toBF16(b))));
    else
      ASSERT_EQ(toBF16(b), h);
  }
  EXPECT_EQ(fromF16(0x3c01), 1 + std::ldexp(1.0f, -10));
  EXPECT_EQ(fromF16(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(fromF16(0x7bff), 65504.0f);
}

TEST(Half, TiesGoToEven) {
  EXPECT_EQ(toF16(1 + std::ldexp(1.0f, -11)), 0x3c00);
  EXPECT_EQ(toF16(1 + 3 * std::ldexp(1.0f, -11)), 0x3c02);
  EXPECT_EQ(toF16(1 + std::ldexp(1.0f, -11) + std::ldexp(1.0f, -20)), 0x3c01);
  EXPECT_EQ(toF16(65519.0f), 0x7bff);
  EXPECT_EQ(toF16(65520.0f), 0x7c00);
  EXPECT_EQ(toF16(std::ldexp(1.0f, -25)), 0);
  EXPECT_EQ(toF16(3 * std::ldexp(1.0f, -26)), 1);
  EXPECT_EQ(toBF16(1 + std::ldexp(1.0f, -8)), 0x3f80);
  EXPECT_EQ(toBF16(1 + 3 * std::ldexp(1.0f, -8)), 0x3f82);
  EXPECT_EQ(toBF16(std::nanf("")) & 0x7fc0, 0x7fc0);
}

// A double just above a tie must not be rounded twice.
TEST(Tensor, StoresRoundOnce) {
  Tensor t(DType::BF16, {1});
  t.set(0, 1 + std::ldexp(1.0, -8) + std::ldexp(1.0, -40));
  EXPECT_EQ(t.data<uint16_t>()[0], 0x3f81);
}

// The same numbers on every machine: these are part of the interface.
TEST(Tensor, RandomContentIsFixed) {
  EXPECT_EQ(randomBits(0, 0), 0xe220a8397b1dcdafu);
  Tensor dense(DType::F32, {3, 4}), wide(DType::F32, {3, 8});
  fillNormal(dense.view(), 7);
  TensorView strided{wide.data(), DType::F32, {3, 4}, {8, 2}};
  fillNormal(strided, 7);
  for (int64_t r = 0; r < 3; ++r)
    for (int64_t c = 0; c < 4; ++c)
      EXPECT_EQ(dense.real(r * 4 + c), wide.real(r * 8 + c * 2));
  Tensor ints(DType::I32, {1000});
  fillIntegers(ints.view(), 1, -2, 3);
  for (int64_t n = 0; n < 1000; ++n)
    ASSERT_TRUE(ints.integer(n) >= -2 && ints.integer(n) < 3);
}

TEST(Tensor, SizesThatOverflow) {
  EXPECT_EQ(countElements({3, 4}), 12);
  EXPECT_EQ(countElements({int64_t(1) << 40, 0, int64_t(1) << 40}), 0);
  EXPECT_EQ(countElements({int64_t(1) << 40, int64_t(1) << 40}), -1);
  EXPECT_EQ(countElements({-1}), -1);
}

static std::string npy(std::string dict, std::string data) {
  dict += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += char(dict.size());
  bytes += '\0';
  return bytes + dict + data;
}

TEST(Npy, RoundTripOfEveryType) {
  for (DType dtype : {DType::Bool, DType::I8, DType::I16, DType::I32, DType::I64, DType::U8, DType::U16, DType::U32,
                      DType::F16, DType::BF16, DType::F32, DType::F64}) {
    Tensor t(dtype, {2, 3});
    fillIntegers(t.view(), 3, 0, 100);
    std::string error;
    auto back = parseNpy(formatNpy(t.view()), error);
    ASSERT_TRUE(back) << error;
    EXPECT_EQ(back->dtype(), dtype);
    EXPECT_EQ(back->shape(), t.shape());
    EXPECT_EQ(std::string(back->data<char>(), back->bytes()), std::string(t.data<char>(), t.bytes()));
  }
}

TEST(Npy, ViewsAreWrittenDense) {
  Tensor t(DType::I32, {2, 3});
  for (int64_t n = 0; n < 6; ++n)
    storeInt(t.view(), n, n);
  TensorView transposed{t.data(), DType::I32, {3, 2}, {1, 3}};
  std::string error;
  auto back = parseNpy(formatNpy(transposed), error);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->integer(1), 3);
  EXPECT_EQ(back->integer(5), 5);
}

TEST(Npy, OrdersOfElementsAndBytes) {
  std::string error;
  auto fortran = parseNpy(npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }", "\1\2\3\4\5\6"), error);
  ASSERT_TRUE(fortran) << error;
  EXPECT_EQ(fortran->integer(0), 1);
  EXPECT_EQ(fortran->integer(1), 3);
  EXPECT_EQ(fortran->integer(3), 2);
  auto big = parseNpy(npy("{\"descr\": \">i2\", 'fortran_order': False, 'shape': (1,)}", std::string("\1\2", 2)), error);
  ASSERT_TRUE(big) << error;
  EXPECT_EQ(big->integer(0), 258);
  auto scalar = parseNpy(npy("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", "\xff"), error);
  ASSERT_TRUE(scalar) << error;
  EXPECT_EQ(scalar->integer(0), 255);
}

TEST(Npy, BrokenFilesAreExplained) {
  auto complaint = [](std::string bytes) {
    std::string error;
    EXPECT_FALSE(parseNpy(bytes, error));
    return error;
  };
  EXPECT_EQ(complaint("GIF89a, certainly"), "not an .npy file");
  EXPECT_EQ(complaint(""), "not an .npy file");
  std::string good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "1234");
  EXPECT_EQ(complaint(good.substr(0, 20)), "the header is cut off");
  EXPECT_EQ(complaint(good + "5"), "the shape needs 4 bytes, the file holds 5");
  EXPECT_EQ(complaint(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "12345678")),
            "element type `<c8` is not supported");
  EXPECT_EQ(complaint(npy("{'descr': '<f4', 'shape': (1,), }", "1234")), "the header is not one of an array");
  EXPECT_EQ(complaint(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", "")),
            "the shape in the header is too large");
  EXPECT_EQ(complaint(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "")),
            "the header is not one of an array");
  std::string future = good;
  future[6] = 9;
  EXPECT_EQ(complaint(future), "version 9 of the .npy format; 1 to 3 are supported");
  // No cut and no changed byte may do more than fail.
  for (size_t n = 0; n < good.size(); ++n)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = good, error;
      bytes[n] = char(bytes[n] ^ 1 << bit);
      parseNpy(bytes, error);
      parseNpy(bytes.substr(0, n), error);
    }
}
