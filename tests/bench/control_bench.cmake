add_executable(control_bench ${CMAKE_CURRENT_LIST_DIR}/control_bench.cc)
target_include_directories(control_bench PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(control_bench PRIVATE weir_options weir_route weir_model weir_filters weir_test_certificates)
