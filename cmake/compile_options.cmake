# Warnings, hardening and sanitizers, collected in one interface target that every module links.
add_library(weir_options INTERFACE)
target_compile_options(weir_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -fno-omit-frame-pointer -fstack-protector-strong -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Debian's Clang 14 needs libstdc++'s coroutine header to accept it.
  target_compile_options(weir_options INTERFACE -Wno-unused-lambda-capture)
endif()
if(WEIR_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # In a unity batch GCC takes each file for a header and warns of types of its unnamed namespace in named ones.
  target_compile_options(weir_options INTERFACE -Wno-subobject-linkage)
endif()
if(WEIR_WERROR)
  target_compile_options(weir_options INTERFACE -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 warns falsely about std::string operator+ at -O2 (GCC bug 105651).
    target_compile_options(weir_options INTERFACE -Wno-restrict)
  endif()
endif()
target_compile_definitions(weir_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL WEIR_VERSION="${PROJECT_VERSION}"
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_include_directories(weir_options INTERFACE ${PROJECT_SOURCE_DIR}/include)

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_link_options(weir_options INTERFACE -Wl,-z,relro,-z,now)
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(weir_options INTERFACE -fuse-ld=mold)
endif()
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

if(WEIR_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(WEIR_SANITIZE STREQUAL "thread")
  # Fences are invisible to ThreadSanitizer; Asio offers a fence-free build for it.
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
  target_compile_definitions(weir_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
