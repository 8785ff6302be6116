#include "runtime/Npy.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

using namespace attn;
using core::DType;

// Reads the header, a Python dictionary of three known entries:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
namespace {
struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
};

class HeaderReader {
public:
  explicit HeaderReader(std::string_view text) : rest(text) {}

  bool read(Header &header) {
    bool descr = false, fortran = false, shape = false;
    if (!eat('{'))
      return false;
    while (!eat('}')) {
      std::string key;
      if (!string(key) || !eat(':'))
        return false;
      bool ok = false;
      if (key == "descr")
        ok = descr = string(header.descr);
      else if (key == "fortran_order")
        ok = fortran = boolean(header.fortran);
      else if (key == "shape")
        ok = shape = tuple(header.shape);
      if (!ok || (!eat(',') && !peek('}')))
        return false;
    }
    return descr && fortran && shape;
  }

private:
  std::string_view rest;

  bool peek(char c) {
    size_t blank = std::min(rest.find_first_not_of(" \n\t"), rest.size());
    rest.remove_prefix(blank);
    return !rest.empty() && rest[0] == c;
  }
  bool eat(char c) {
    if (!peek(c))
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool string(std::string &out) {
    char quote = peek('"') ? '"' : '\'';
    if (!eat(quote))
      return false;
    size_t end = rest.find(quote);
    if (end == rest.npos)
      return false;
    out = std::string(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    return true;
  }
  bool boolean(bool &out) {
    peek(' ');
    for (auto [word, value] : {std::pair<const char *, bool>{"True", true}, {"False", false}})
      if (rest.substr(0, std::strlen(word)) == word) {
        rest.remove_prefix(std::strlen(word));
        out = value;
        return true;
      }
    return false;
  }
  bool tuple(std::vector<int64_t> &out) {
    if (!eat('('))
      return false;
    while (!eat(')')) {
      int64_t n = 0;
      size_t digits = 0;
      peek(' ');
      while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9' && digits < 18)
        n = n * 10 + (rest[digits++] - '0');
      if (!digits || out.size() >= 32)
        return false;
      rest.remove_prefix(digits);
      out.push_back(n);
      if (!eat(',') && !peek(')'))
        return false;
    }
    return true;
  }
};
} // namespace

static const struct {
  const char *code;
  DType dtype;
} codes[] = {{"b1", DType::Bool}, {"i1", DType::I8},  {"i2", DType::I16}, {"i4", DType::I32},
             {"i8", DType::I64},  {"u1", DType::U8},  {"u2", DType::U16}, {"u4", DType::U32},
             {"f2", DType::F16},  {"V2", DType::BF16}, {"f4", DType::F32}, {"f8", DType::F64}};

std::optional<Tensor> attn::parseNpy(std::string_view bytes, std::string &error) {
  auto fail = [&](std::string what) {
    error = std::move(what);
    return std::nullopt;
  };
  if (bytes.size() < 10 || bytes.substr(0, 6) != "\x93NUMPY")
    return fail("not an .npy file");
  auto byte = [&](size_t i) { return uint64_t(uint8_t(bytes[i])); };
  int major = int(byte(6));
  if (major < 1 || major > 3)
    return fail("version " + std::to_string(major) + " of the .npy format; 1 to 3 are supported");
  size_t start = major == 1 ? 10 : 12;
  if (bytes.size() < start)
    return fail("the header is cut off");
  uint64_t length = byte(8) | byte(9) << 8;
  if (major > 1)
    length |= byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - start)
    return fail("the header is cut off");

  Header header;
  if (!HeaderReader(bytes.substr(start, length)).read(header))
    return fail("the header is not one of an array");
  const std::string &descr = header.descr;
  const DType *dtype = nullptr;
  for (const auto &entry : codes)
    if (descr.size() == 3 && std::strchr("<>|=", descr[0]) && descr.substr(1) == entry.code)
      dtype = &entry.dtype;
  if (!dtype)
    return fail("element type `" + descr.substr(0, 40) + "` is not supported");

  int64_t width = core::byteSize(*dtype);
  int64_t count = countElements(header.shape, width);
  if (count < 0)
    return fail("the shape in the header is too large");
  std::string_view data = bytes.substr(start + length);
  if (data.size() != uint64_t(count * width))
    return fail("the shape needs " + std::to_string(count * width) + " bytes, the file holds " +
                std::to_string(data.size()));

  Tensor tensor(*dtype, header.shape);
  char *out = tensor.data<char>();
  if (!header.fortran || header.shape.size() < 2) {
    if (count)
      std::memcpy(out, data.data(), data.size());
  } else {
    std::vector<int64_t> index(header.shape.size(), 0);
    for (int64_t n = 0; n < count; ++n) {
      std::memcpy(out + tensor.view().at(index) * width, data.data() + n * width, size_t(width));
      for (size_t d = 0; d < index.size() && ++index[d] == header.shape[d]; ++d)
        index[d] = 0;
    }
  }
  if (descr[0] == '>')
    for (int64_t n = 0; n < count; ++n)
      std::reverse(out + n * width, out + (n + 1) * width);
  return tensor;
}

std::optional<Tensor> attn::readNpy(const std::string &path, std::string &error) {
  std::FILE *file = std::fopen(path.c_str(), "rb");
  if (!file) {
    error = std::strerror(errno);
    return std::nullopt;
  }
  std::string bytes;
  char block[1 << 16];
  while (size_t n = std::fread(block, 1, sizeof block, file))
    bytes.append(block, n);
  bool failed = std::ferror(file);
  if (failed)
    error = std::strerror(errno);
  std::fclose(file);
  if (failed)
    return std::nullopt;
  return parseNpy(bytes, error);
}

std::string attn::formatNpy(const TensorView &view) {
  std::string code = "f4";
  for (const auto &entry : codes)
    if (entry.dtype == view.dtype)
      code = entry.code;
  int64_t width = core::byteSize(view.dtype);
  std::string dict = std::string("{'descr': '") + (width == 1 ? "|" : "<") + code +
                     "', 'fortran_order': False, 'shape': (";
  for (int64_t s : view.shape)
    dict += std::to_string(s) + (view.shape.size() == 1 ? "," : ", ");
  if (view.shape.size() > 1)
    dict.erase(dict.size() - 2);
  dict += "), }";
  // The data begins at a multiple of 64 bytes.
  dict.append(63 - (10 + dict.size()) % 64, ' ');
  dict += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += char(dict.size() & 255);
  bytes += char(dict.size() >> 8);
  bytes += dict;

  int64_t count = view.elements();
  size_t start = bytes.size();
  bytes.resize(start + size_t(count * width));
  std::vector<int64_t> index(view.shape.size(), 0);
  for (int64_t n = 0; n < count; ++n) {
    std::memcpy(&bytes[start + size_t(n * width)], static_cast<char *>(view.data) + view.at(index) * width,
                size_t(width));
    for (size_t d = index.size(); d-- > 0 && ++index[d] == view.shape[d];)
      index[d] = 0;
  }
  return bytes;
}

bool attn::writeNpy(const std::string &path, const TensorView &view, std::string &error) {
  std::string bytes = formatNpy(view);
  std::FILE *file = std::fopen(path.c_str(), "wb");
  bool ok = file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (file && std::fclose(file) != 0)
    ok = false;
  if (!ok)
    error = std::strerror(errno);
  return ok;
}

Tensor attn::reinterpretAsBF16(Tensor tensor) {
  if (tensor.dtype() != DType::U16)
    return tensor;
  Tensor result(DType::BF16, tensor.shape());
  std::memcpy(result.data(), tensor.data(), tensor.bytes());
  return result;
}
