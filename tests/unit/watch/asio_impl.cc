// The one translation unit of this program that holds Asio's separately compiled part.
#include <boost/asio/impl/src.hpp>
