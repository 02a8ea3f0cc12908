// Step 10 of life-of-a-request: gzip and brotli.
#include "proxy/content_encoder.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <cstddef>
#include <cstdlib>

namespace weir::proxy {
namespace {

constexpr std::size_t kPiece = 16 * 1024;                   // output is grown by
constexpr std::size_t kHeader = alignof(std::max_align_t);  // in front of each block: its size

// malloc() that counts into a std::uint64_t.
void* counted_malloc(void* used, std::size_t size) {
  void* block = std::malloc(size + kHeader);
  if (block == nullptr) return nullptr;
  *static_cast<std::size_t*>(block) = size;
  *static_cast<std::uint64_t*>(used) += size;
  return static_cast<char*>(block) + kHeader;
}

void counted_free(void* used, void* address) {
  if (address == nullptr) return;
  void* block = static_cast<char*>(address) - kHeader;
  *static_cast<std::uint64_t*>(used) -= *static_cast<std::size_t*>(block);
  std::free(block);
}

void* counted_zalloc(void* used, unsigned items, unsigned size) {
  return counted_malloc(used, std::size_t{items} * size);
}

class GzipEncoder final : public ContentEncoder {
 public:
  GzipEncoder(int level, std::optional<std::uint64_t> length, std::uint64_t& used) {
    stream_.zalloc = counted_zalloc;
    stream_.zfree = counted_free;
    stream_.opaque = &used;
    int window = MAX_WBITS;
    int memory = MAX_MEM_LEVEL - 1;
    while (length && window > 9 && *length < (std::uint64_t{1} << (window - 1)) - 262) {
      --window;
      if (memory > 1) --memory;
    }
    constexpr int kGzip = 16;  // zlib.h: added to the window for a gzip header
    ready_ = deflateInit2(&stream_, level, Z_DEFLATED, window + kGzip, memory, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;
  ~GzipEncoder() override {
    if (ready_) deflateEnd(&stream_);
  }

  bool ready() const { return ready_; }

  bool feed(std::string_view bytes, End end, std::string& out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    const int flush = end == End::finish ? Z_FINISH : Z_SYNC_FLUSH;
    for (;;) {
      const std::size_t had = out.size();
      out.resize(had + kPiece);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      stream_.avail_out = kPiece;
      const int result = deflate(&stream_, flush);
      out.resize(out.size() - stream_.avail_out);
      if (result == Z_STREAM_END) return true;
      if (result != Z_OK && result != Z_BUF_ERROR) return false;
      if (stream_.avail_out != 0) return end == End::flush && stream_.avail_in == 0;
    }
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

class BrotliEncoder final : public ContentEncoder {
 public:
  BrotliEncoder(int level, std::optional<std::uint64_t> length, std::uint64_t& used)
      : state_(BrotliEncoderCreateInstance(counted_malloc, counted_free, &used)) {
    if (state_ == nullptr) return;
    std::uint32_t window = 19;  // 512 KiB, nginx's
    while (length && window > BROTLI_MIN_WINDOW_BITS && *length < (std::uint64_t{1} << (window - 1))) --window;
    ready_ =
        BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level)) == BROTLI_TRUE &&
        BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, window) == BROTLI_TRUE;
  }
  BrotliEncoder(const BrotliEncoder&) = delete;
  BrotliEncoder& operator=(const BrotliEncoder&) = delete;
  ~BrotliEncoder() override { BrotliEncoderDestroyInstance(state_); }

  bool ready() const { return ready_; }

  bool feed(std::string_view bytes, End end, std::string& out) override {
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    const BrotliEncoderOperation operation = end == End::finish ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    for (;;) {
      const std::size_t had = out.size();
      out.resize(had + kPiece);
      auto* next_out = reinterpret_cast<std::uint8_t*>(out.data() + had);
      std::size_t room = kPiece;
      const BROTLI_BOOL worked =
          BrotliEncoderCompressStream(state_, operation, &left, &next_in, &room, &next_out, nullptr);
      out.resize(out.size() - room);
      if (worked == BROTLI_FALSE) return false;
      if (left == 0 && BrotliEncoderHasMoreOutput(state_) == BROTLI_FALSE) return true;
    }
  }

 private:
  BrotliEncoderState* state_;
  bool ready_ = false;
};

template <class Encoder>
std::unique_ptr<ContentEncoder> made(int level, std::optional<std::uint64_t> length, std::uint64_t& used) {
  auto encoder = std::make_unique<Encoder>(level, length, used);
  if (!encoder->ready()) return nullptr;
  return encoder;
}

}  // namespace

std::string_view name_of(Coding coding) {
  return coding == Coding::gzip ? "gzip" : "br";
}

std::unique_ptr<ContentEncoder> make_encoder(Coding coding, int level, std::optional<std::uint64_t> length,
                                             std::uint64_t& used) {
  return coding == Coding::gzip ? made<GzipEncoder>(level, length, used) : made<BrotliEncoder>(level, length, used);
}

}  // namespace weir::proxy
