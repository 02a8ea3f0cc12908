// The weir program: chooses the subcommand. Each is one function in this folder.
#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  if (argc >= 2 && (std::string_view(argv[1]) == "version" || std::string_view(argv[1]) == "--version")) {
    std::printf("weir %s\n", WEIR_VERSION);
    return 0;
  }
  std::fprintf(stderr, "usage: weir version\n");
  return 2;
}
