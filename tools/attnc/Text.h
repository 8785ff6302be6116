// Numbers as people read them.
#pragma once
#include <cstdio>
#include <string>

namespace attnc {

/// What printf would print.
template <class... Values> std::string text(const char *format, Values... values) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

inline std::string duration(double seconds) {
  return seconds < 1e-3 ? text("%.1f us", seconds * 1e6)
         : seconds < 1  ? text("%.2f ms", seconds * 1e3)
                        : text("%.2f s", seconds);
}

inline std::string count(double number) {
  return number < 1e6   ? text("%.0f", number)
         : number < 1e9 ? text("%.1f M", number / 1e6)
                        : text("%.2f G", number / 1e9);
}

inline std::string bytes(double number) {
  return number < 1024        ? text("%.0f bytes", number)
         : number < 1024.0 * 1024 ? text("%.1f KiB", number / 1024)
         : number < 1024.0 * 1024 * 1024
             ? text("%.1f MiB", number / (1024.0 * 1024))
             : text("%.2f GiB", number / (1024.0 * 1024 * 1024));
}

inline double percent(double part, double all) { return all > 0 ? 100 * part / all : 0; }

} // namespace attnc
