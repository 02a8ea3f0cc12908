# weir_module(NAME SOURCES a.cc b.cc [DEPENDS base http] [LIBRARIES Threads::Threads])
#
# Makes the static library weir_NAME from the explicit source list, checks that each of its contract headers
# (include/weir/NAME) compiles alone, and writes the declared dependencies to build/layers/NAME.txt, which
# tools/check_layers.py compares with the real #include lines. One declaration, two uses.
function(weir_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(weir_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(weir_${name} PUBLIC weir_options Boost::headers ${ARG_LIBRARIES})
  foreach(dep IN LISTS ARG_DEPENDS)
    target_link_libraries(weir_${name} PUBLIC weir_${dep})
  endforeach()
  target_include_directories(weir_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/weir/${name}/*.h)
  if(headers)
    target_sources(weir_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/include FILES ${headers})
  endif()
  string(REPLACE ";" " " deps "${ARG_DEPENDS}")
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/layers/${name}.txt CONTENT "${deps}\n")
endfunction()
