// What a person at a terminal sees while work goes on. Silent in a pipe.
#pragma once
#include <cstdio>
#include <string>
#include <unistd.h>

namespace attnc {

/// One line on the error stream that is replaced by the next and wiped at the end.
class Progress {
public:
  Progress() : visible(isatty(STDERR_FILENO)) {}
  ~Progress() { clear(); }
  void show(const std::string &text) {
    if (visible)
      std::fprintf(stderr, "\r\033[K%s", text.c_str());
    shown = true;
  }
  void clear() {
    if (visible && shown)
      std::fprintf(stderr, "\r\033[K");
    shown = false;
  }

private:
  bool visible;
  bool shown = false;
};

} // namespace attnc
