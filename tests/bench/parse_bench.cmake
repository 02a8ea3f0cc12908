weir_bench(parse_bench SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/parse_bench.cc LIBRARIES weir_http)
