// The syntax of $name and ${name}: the pieces of any text are the text, and a compiled text says what its pieces are,
// whatever names stand in it.
#include "fuzz/fuzz.h"
#include "weir/base/dollar_text.h"
#include "weir/features/variables.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const fuzz::ExactCopy copy(fuzz::text(data, size));
  const std::string_view input = copy.view();

  std::string written;
  std::size_t variables = 0;
  bool sound = true;
  base::DollarReader reader(input);
  while (reader.next()) {
    fuzz::require(!reader.written().empty(), "every piece moves on");
    fuzz::require(!reader.text().empty(), "every piece has a text");
    written += reader.written();
    if (reader.kind() == base::DollarKind::variable) ++variables;
    sound = sound && (reader.kind() == base::DollarKind::literal ||
                      (reader.kind() == base::DollarKind::variable && features::is_known_variable(reader.text())));
  }
  fuzz::require(written == input, "the pieces are the text", written);

  const features::VariableText compiled(input);
  fuzz::require(compiled.source() == input, "a compiled text keeps its source");
  fuzz::require(features::find_unknown_variable(input).has_value() != sound, "unknown variables are found");
  std::size_t found = 0;
  bool unknown = false;
  bool captures = false;
  for (const auto& piece : compiled.pieces()) {
    fuzz::require(piece.begin + std::size_t{piece.size} <= input.size(), "pieces lie in the text");
    fuzz::require(!compiled.text_of(piece).empty(), "no piece is empty");
    found += piece.what != features::Variable::literal;
    unknown = unknown || piece.what == features::Variable::unknown;
    captures = captures || piece.what == features::Variable::capture;
  }
  fuzz::require(found == variables, "each variable is one piece");
  fuzz::require(!unknown || !sound, "a text whose variables are all known has no unknown piece");
  fuzz::require(captures == compiled.uses_captures(), "captures are known");
  fuzz::require(compiled.is_literal() == (variables == 0), "a text without variables is a literal");
  return 0;
}
