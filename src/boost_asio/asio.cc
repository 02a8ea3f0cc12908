// The compiled parts of Asio and Beast (BOOST_ASIO_SEPARATE_COMPILATION), once per program.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
