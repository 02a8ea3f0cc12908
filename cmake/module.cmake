# weir_module(NAME SOURCES a.cc b.cc [DEPENDS base http] [LIBRARIES Threads::Threads])
#
# With WEIR_UNITY (all presets but dev and coverage) sources are compiled a dozen at a time, which takes a quarter of the
# time; files whose file-local names meet others of their module are listed in WEIR_NO_UNITY. WEIR_COMPILE_ALONE: more
# of them (paths from the top), for who changes one file again and again (tools/see_red.py).
#
# Makes the static library weir_NAME from the explicit source list, checks that each of its contract headers
# (include/weir/NAME) compiles alone, and writes the declared dependencies to build/layers/NAME.txt, which
# tools/check_layers.py compares with the real #include lines. One declaration, two uses.
# What a request runs through does not fit into the first-level instruction cache, so its size counts. -fPIE: all of it
# ends in one program, so the compiler may inline and call directly. No padding in front of loops.
set(WEIR_HOT_MODULES base http net observe proxy route upstream)
set(WEIR_NO_UNITY canary/annotations.cc hsts/annotations.cc redirect/annotations.cc read_settings.cc settings_log.cc
    settings_table.cc settings_upstream.cc cors/annotations.cc custom_errors/annotations.cc
    hash/annotations.cc cidr_set.cc cookies.cc status_writer.cc leader_election.cc reference_fetcher.cc event_writer.cc exec_credential.cc normalize.cc request_parser.cc task.cc log.cc)

function(weir_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(weir_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(weir_${name} PUBLIC weir_options Boost::headers ${ARG_LIBRARIES})
  foreach(dep IN LISTS ARG_DEPENDS)
    target_link_libraries(weir_${name} PUBLIC weir_${dep})
  endforeach()
  target_include_directories(weir_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  if(name IN_LIST WEIR_HOT_MODULES)
    target_compile_options(weir_${name} PRIVATE -fPIE)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(weir_${name} PRIVATE -fno-align-loops -fno-align-jumps)
    endif()
  endif()
  if(WEIR_UNITY)
    set_target_properties(weir_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    foreach(source IN LISTS WEIR_COMPILE_ALONE)
      set(path ${PROJECT_SOURCE_DIR}/${source})
      cmake_path(IS_PREFIX CMAKE_CURRENT_SOURCE_DIR ${path} ours)
      if(ours)
        set_source_files_properties(${path} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endforeach()
    foreach(source IN LISTS WEIR_NO_UNITY)
      if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
        set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endforeach()
  endif()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/weir/${name}/*.h)
  if(headers)
    target_sources(weir_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${headers})
  endif()
  string(REPLACE ";" " " deps "${ARG_DEPENDS}")
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/layers/${name}.txt CONTENT "${deps}\n")
endfunction()
