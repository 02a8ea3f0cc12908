// Step 9 of life-of-a-request: a body that is sent once more, to a mirror.
#include "proxy/stored_body.h"

#include "proxy/temp_file.h"

namespace weir::proxy {

net::Task<int> StoredBody::send_to(net::Sock& upstream, net::Millis timeout) {
  if (file_) co_return co_await upstream.send_file(file_->fd(), 0, file_size_, timeout);
  if (bytes_.empty()) co_return 1;
  co_return co_await upstream.send_all(bytes_, timeout);
}

}  // namespace weir::proxy
