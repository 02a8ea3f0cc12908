weir_bench(route_bench SOURCES ${CMAKE_CURRENT_LIST_DIR}/route_bench.cc
           LIBRARIES weir_route weir_features weir_kube weir_tls weir_base)
