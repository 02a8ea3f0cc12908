#include "watch/yaml_json.h"

#include "watch/yaml_scalar.h"
#include "weir/kube/decode.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <sstream>
#include <utility>

namespace weir::watch {
namespace {

struct YamlError {
  int line;  // 0-based, within the document
  std::string text;
};

// Writes JSON while yaml-cpp reads. Each open collection is a frame; the text of anchored nodes is kept for aliases.
// Merged members ("<<") are written before a map's own ones: of duplicate keys the last one counts for the decoder.
class JsonWriter : public YAML::EventHandler {
 public:
  std::vector<JsonDocument> take() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark&) override {
    anchored_.clear();
    frames_.clear();
    repeated_ = 0;
    kept_ = 0;
    document_ = {};
    started_ = false;
  }

  void OnDocumentEnd() override {
    if (document_.json != "null") documents_.push_back(std::move(document_));
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    begin(mark);
    keep(anchor, "null");
    put("null", false);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    begin(mark);
    const bool plain = tag == "?";
    std::string json = plain ? json_of_plain(value) : json_of_tagged(tag, value);
    if (json.empty()) fail(value.substr(0, 20) + " has no counterpart in JSON; quote it to make it a string");
    keep(anchor, json);
    put(std::move(json), plain && value == "<<");
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    begin(mark);
    const auto it = anchored_.find(anchor);
    if (it == anchored_.end()) fail("an alias stands inside the node it refers to");
    repeated_ += it->second.size();
    if (repeated_ > kMaxRepeated) fail("aliases repeat more than 1 MiB");
    put(it->second, false);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, true);
  }

  void OnSequenceEnd() override {
    Frame frame = pop();
    if (frame.merge) {
      merge_list(frame.elements);
      return;
    }
    std::string json = "[" + frame.body + "]";
    keep(frame.anchor, json);
    put(std::move(json), false);
  }

  void OnMapEnd() override {
    Frame frame = pop();
    std::string json = "{" + frame.merged + (frame.merged.empty() || frame.body.empty() ? "" : ",") + frame.body + "}";
    keep(frame.anchor, json);
    put(std::move(json), false);
  }

 private:
  struct Frame {
    bool map = false;
    bool merge = false;  // a list that stands as the value of "<<"
    bool items = false;  // the list "items" of the top-level map
    YAML::anchor_t anchor = 0;
    std::string body;
    std::string merged;
    std::string key;                    // as JSON; empty: the next node is a key
    std::vector<std::string> elements;  // only with `merge`
  };

  static constexpr const char* kMergeKey = "<<";

  [[noreturn]] void fail(std::string text) const { throw YamlError{line_, std::move(text)}; }

  // Each node passes here first: notes where it starts.
  void begin(const YAML::Mark& mark) {
    if (mark.line >= 0) line_ = mark.line;
    if (!started_) document_.line = line_ + 1;
    started_ = true;
    if (!frames_.empty() && frames_.back().items) document_.item_lines.push_back(line_ + 1);
  }

  std::string json_of_tagged(const std::string& tag, const std::string& value) const {
    static constexpr std::string_view kStandard = "tag:yaml.org,2002:";
    if (tag == "!" || tag.empty()) return json_string(value);  // quoted
    if (tag.compare(0, kStandard.size(), kStandard) == 0) {
      const std::string name = tag.substr(kStandard.size());
      if (name == "str") return json_string(value);
      if (name == "int" || name == "bool" || name == "float" || name == "null") {
        std::string json = json_of_plain(value);
        if (!json.empty() && json.front() == '"') fail("the value does not fit its tag !!" + name);
        return json;
      }
    }
    fail("tags other than !!str, !!int, !!float, !!bool and !!null are not supported");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool map) {
    begin(mark);
    if (!tag.empty() && tag != "?" && tag != "!" && tag != (map ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq")) {
      fail("tags of maps and lists are not supported");
    }
    if (frames_.size() >= static_cast<std::size_t>(kube::kMaxNesting)) fail("nested too deeply");
    Frame frame;
    frame.map = map;
    frame.anchor = anchor;
    if (!frames_.empty() && frames_.back().map) {
      if (frames_.back().key.empty()) fail("a map or a list cannot be a key");
      frame.merge = !map && frames_.back().key == kMergeKey;
      frame.items = !map && frames_.size() == 1 && frames_.back().key == "\"items\"";
    }
    frames_.push_back(std::move(frame));
  }

  Frame pop() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    return frame;
  }

  void keep(YAML::anchor_t anchor, const std::string& json) {
    if (anchor == 0) return;
    kept_ += json.size();
    if (kept_ > kMaxRepeated * 4) fail("anchors name more than 4 MiB");
    anchored_[anchor] = json;
  }

  void put(std::string json, bool merge_key) {
    if (frames_.empty()) {
      document_.json = std::move(json);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.map && frame.key.empty()) {
      put_key(frame, std::move(json), merge_key);
    } else if (frame.map && frame.key == kMergeKey) {
      merge(frame, json);
      frame.key.clear();
    } else if (frame.merge) {
      frame.elements.push_back(std::move(json));
    } else {
      if (!frame.body.empty()) frame.body += ',';
      if (frame.map) frame.body += frame.key + ":";
      frame.body += json;
      frame.key.clear();
    }
  }

  // Keys of JSON are strings: other scalars are written as such (`on: x` is the key "true", as in Kubernetes' tools).
  void put_key(Frame& frame, std::string json, bool merge_key) {
    if (json == "null") fail("a key is empty");
    if (json.front() == '{' || json.front() == '[') fail("a map or a list cannot be a key");
    frame.key = merge_key ? kMergeKey : json.front() == '"' ? std::move(json) : "\"" + json + "\"";
  }

  void merge(Frame& frame, const std::string& json) {
    if (json.front() != '{') fail("the value of << is no map");
    if (json.size() == 2) return;
    if (!frame.merged.empty()) frame.merged += ',';
    frame.merged.append(json, 1, json.size() - 2);
  }

  // Of several merged maps the first one counts, so it is written last.
  void merge_list(const std::vector<std::string>& elements) {
    Frame& frame = frames_.back();
    std::for_each(elements.rbegin(), elements.rend(), [&](const std::string& json) { merge(frame, json); });
    frame.key.clear();
  }

  std::vector<JsonDocument> documents_;
  JsonDocument document_;
  bool started_ = false;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, std::string> anchored_;
  std::size_t repeated_ = 0;
  std::size_t kept_ = 0;
  int line_ = 0;
};

bool is_blank_line(std::string_view line) {
  const std::size_t at = line.find_first_not_of(" \t\r");
  return at == std::string_view::npos || line[at] == '#' || line.front() == '%';
}

bool is_marker(std::string_view line, std::string_view marker) {
  return line.substr(0, 3) == marker && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

struct Part {
  std::string_view text;
  int first_line = 0;  // 0-based
  int ends = 0;        // "..." lines: each may be followed by one more document
};

// Cuts before each "---" line, which YAML allows nowhere inside a document. Parts without content are left out.
std::vector<Part> split(std::string_view text) {
  std::vector<Part> parts;
  Part part;
  std::size_t begin = 0;
  bool content = false;
  int line_number = 0;
  for (std::size_t at = 0; at < text.size(); ++line_number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (is_marker(line, "---")) {
      part.text = text.substr(begin, at - begin);
      if (content) parts.push_back(part);
      part = {{}, line_number, 0};
      begin = at;
      content = line.size() > 3 && !is_blank_line(line.substr(3));
    } else if (is_marker(line, "...")) {
      ++part.ends;
    } else if (!line.empty() && !is_blank_line(line)) {
      content = true;
    }
    at = end + 1;
  }
  part.text = text.substr(begin);
  if (content) parts.push_back(part);
  return parts;
}

void read_part(const Part& part, std::vector<JsonDocument>& documents) {
  JsonWriter writer;
  JsonDocument problem;
  try {
    if (part.text.size() > kMaxYamlDocument) throw YamlError{0, "the document is longer than 16 MiB"};
    std::istringstream stream{std::string(part.text)};
    YAML::Parser parser(stream);
    int count = 0;
    while (parser.HandleNextDocument(writer)) {
      // yaml-cpp takes what follows a complete node for the next document ("- a" and then "b: c").
      if (++count > part.ends + 1) throw YamlError{0, "text follows after the end of the document"};
    }
  } catch (const YamlError& error) {
    problem.line = error.line + 1;
    problem.error = error.text;
  } catch (const YAML::Exception& error) {
    problem.line = std::max(error.mark.line, 0) + 1;
    problem.error = error.msg;
  }
  if (problem.error.empty()) {
    for (JsonDocument& document : writer.take()) {
      document.line += part.first_line;
      for (int& line : document.item_lines) line += part.first_line;
      documents.push_back(std::move(document));
    }
  } else {
    problem.line += part.first_line;
    problem.error = "not YAML: " + problem.error;
    documents.push_back(std::move(problem));
  }
}

// The first byte that is not allowed; npos if there is none. yaml-cpp would replace some, and stop at others.
std::size_t find_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) return i;
      ++i;
      continue;
    }
    const std::size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || i + length > text.size()) return i;
    std::uint32_t point = c & (0xffu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return i;
      point = point << 6 | (next & 0x3fu);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace

base::Result<std::vector<JsonDocument>> yaml_to_json_documents(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
  if (const std::size_t at = find_bad_byte(text); at != std::string_view::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return base::fail("not YAML: a control character or a byte that is not UTF-8", static_cast<int>(line));
  }
  std::vector<JsonDocument> documents;
  for (const Part& part : split(text)) read_part(part, documents);
  return documents;
}

}  // namespace weir::watch
