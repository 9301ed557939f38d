# cloudfolio_room(NAME storage/embedded LAYER 3 DEPS base storage LIBS SQLite::SQLite3
#                 SOURCES a.cc b.cc TESTS a_test.cc LABELS unit SUPPORT testing/suite.cc)
#
# Declares one room: a folder of src/ with one purpose. A room may use only rooms of a lower layer;
# configuring stops at an arrow that points up or sideways. LIBS are external libraries that stay
# private to the room. SUPPORT are sources that only tests (of this room or of higher ones) link.
# OWN_FLAGS: the room compiles with flags of its own and cannot share the precompiled headers.
# ROOM_TEST_DEPS are rooms that only this room's tests use; they may stand higher.
include_guard(GLOBAL)

set(CLOUDFOLIO_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Below, in cloudfolio_target_options, is why.
  list(APPEND CLOUDFOLIO_WARNINGS -Wno-array-bounds -Wno-stringop-overread)
endif()

function(cloudfolio_target_options target)
  target_compile_options(${target} PRIVATE ${CLOUDFOLIO_WARNINGS})
  if(CLOUDFOLIO_WARNINGS_AS_ERRORS)
    # GCC 12 sees strings overrun their 16 bytes, read outside themselves, and moved variants and optionals
    # without a value, wherever they are inlined; it hides that in system headers, but not in precompiled
    # ones, nor under sanitizers. AddressSanitizer and Clang find the real ones.
    target_compile_options(${target} PRIVATE -Werror -Wno-error=maybe-uninitialized -Wno-error=array-bounds
                           -Wno-error=restrict -Wno-error=stringop-overflow -Wno-error=stringop-overread)
  endif()
endfunction()

# The standard library's, Boost.JSON's and GoogleTest's headers, read once instead of in each of hundreds of
# files. Sources name what they use all the same: a precompiled header is only speed.
set(CLOUDFOLIO_COMMON_HEADERS <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <condition_variable>
    <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span> <sstream> <string>
    <string_view> <thread> <unordered_map> <variant> <vector>
    <boost/json/array.hpp> <boost/json/object.hpp> <boost/json/value.hpp>)
# A precompiled header serves only where it would have been read under the same definitions.
add_compile_definitions(BOOST_CONTAINER_DYN_LINK BOOST_CONTAINER_NO_LIB BOOST_JSON_DYN_LINK BOOST_JSON_NO_LIB)
# Tests are compiled in half the time without optimising them; what they test is optimised.
function(cloudfolio_test_options target)
  cloudfolio_target_options(${target})
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
endfunction()
function(cloudfolio_precompiled name)
  file(WRITE ${PROJECT_BINARY_DIR}/${name}.cc "")
  add_library(cf_${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cc)
  target_precompile_headers(cf_${name} PRIVATE ${ARGN})
endfunction()
cloudfolio_precompiled(common ${CLOUDFOLIO_COMMON_HEADERS})
cloudfolio_target_options(cf_common)
if(CLOUDFOLIO_TESTS)
  cloudfolio_precompiled(common_testing ${CLOUDFOLIO_COMMON_HEADERS} <gtest/gtest.h>)
  target_link_libraries(cf_common_testing PRIVATE GTest::gtest)
  cloudfolio_test_options(cf_common_testing)
endif()

function(cloudfolio_room)
  cmake_parse_arguments(ROOM "OWN_FLAGS" "NAME;LAYER" "DEPS;LIBS;SOURCES;TESTS;TEST_DEPS;TEST_LIBS;SUPPORT;LABELS" ${ARGN})
  string(REPLACE "/" "_" target ${ROOM_NAME})
  add_library(cf_${target} STATIC ${ROOM_SOURCES})
  add_library(cf::${target} ALIAS cf_${target})
  target_include_directories(cf_${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(cf_${target} PRIVATE ${ROOM_LIBS})
  cloudfolio_target_options(cf_${target})
  if(NOT ROOM_OWN_FLAGS)
    target_precompile_headers(cf_${target} REUSE_FROM cf_common)
  endif()
  set_property(GLOBAL PROPERTY cf_layer_${target} ${ROOM_LAYER})
  set_property(GLOBAL APPEND PROPERTY cf_rooms ${ROOM_NAME})
  set_property(GLOBAL PROPERTY cf_deps_${target} "${ROOM_DEPS}")
  foreach(dep IN LISTS ROOM_DEPS)
    string(REPLACE "/" "_" dep_target ${dep})
    get_property(dep_layer GLOBAL PROPERTY cf_layer_${dep_target})
    if("${dep_layer}" STREQUAL "")
      message(FATAL_ERROR "room '${ROOM_NAME}' uses '${dep}', which is not declared before it: "
                          "order the rooms in src/CMakeLists.txt by layer")
    endif()
    if(NOT dep_layer LESS ROOM_LAYER)
      message(FATAL_ERROR "room '${ROOM_NAME}' (layer ${ROOM_LAYER}) may not use '${dep}' "
                          "(layer ${dep_layer}): arrows only point down, see ARCHITECTURE.md")
    endif()
    target_link_libraries(cf_${target} PUBLIC cf::${dep_target})
  endforeach()
  if(NOT CLOUDFOLIO_TESTS)
    return()
  endif()
  if(ROOM_SUPPORT)
    add_library(cf_${target}_testing STATIC ${ROOM_SUPPORT})
    add_library(cf::${target}_testing ALIAS cf_${target}_testing)
    target_link_libraries(cf_${target}_testing PUBLIC cf::${target} GTest::gtest)
    cloudfolio_test_options(cf_${target}_testing)
    target_precompile_headers(cf_${target}_testing REUSE_FROM cf_common_testing)
  endif()
  if(ROOM_TESTS)
    set(libs cf::${target} ${ROOM_TEST_LIBS} ${ROOM_LIBS})
    if(ROOM_SUPPORT)
      list(APPEND libs cf::${target}_testing)
    endif()
    foreach(dep IN LISTS ROOM_TEST_DEPS)
      string(REPLACE "/" "_" dep_target ${dep})
      list(APPEND libs cf_${dep_target})
    endforeach()
    cloudfolio_test(NAME ${ROOM_NAME} SOURCES ${ROOM_TESTS} LIBS ${libs} LABELS ${ROOM_LABELS})
  endif()
endfunction()

# cloudfolio_test(NAME crash/storage SOURCES … LIBS … LABELS crash): one test executable. Its results
# go to build/<preset>/test-results/<name>.json, from which `./dev test` counts the cases. COST are its seconds,
# of a long one: long ones begin first, so that no core waits for the last.
function(cloudfolio_test)
  cmake_parse_arguments(TEST "" "NAME;TIMEOUT;COST" "SOURCES;LIBS;LABELS" ${ARGN})
  string(REPLACE "/" "_" target ${TEST_NAME})
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  if(NOT TEST_COST)
    set(TEST_COST 1)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 600)
  endif()
  add_executable(${target}_test ${TEST_SOURCES})
  target_link_libraries(${target}_test PRIVATE ${TEST_LIBS} GTest::gtest GTest::gtest_main)
  cloudfolio_test_options(${target}_test)
  target_precompile_headers(${target}_test REUSE_FROM cf_common_testing)
  add_test(NAME ${TEST_NAME} COMMAND ${target}_test
           --gtest_output=json:${CMAKE_BINARY_DIR}/test-results/${target}.json)
  set_tests_properties(${TEST_NAME} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT} COST ${TEST_COST}
    ENVIRONMENT "CLOUDFOLIO_SOURCE_DIR=${PROJECT_SOURCE_DIR};CLOUDFOLIO_BUILD_DIR=${CMAKE_BINARY_DIR}")
endfunction()
