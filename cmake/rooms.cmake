# cloudfolio_room(NAME storage/embedded LAYER 3 DEPS base storage LIBS SQLite::SQLite3
#                 SOURCES a.cc b.cc TESTS a_test.cc LABELS unit SUPPORT testing/suite.cc)
#
# Declares one room: a folder of src/ with one purpose. A room may use only rooms of a lower layer;
# configuring stops at an arrow that points up or sideways. LIBS are external libraries that stay
# private to the room. SUPPORT are sources that only tests (of this room or of higher ones) link.
# ROOM_TEST_DEPS are rooms that only this room's tests use; they may stand higher.
include_guard(GLOBAL)

set(CLOUDFOLIO_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wnon-virtual-dtor -Woverloaded-virtual)

function(cloudfolio_target_options target)
  target_compile_options(${target} PRIVATE ${CLOUDFOLIO_WARNINGS})
  if(CLOUDFOLIO_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

function(cloudfolio_room)
  cmake_parse_arguments(ROOM "" "NAME;LAYER" "DEPS;LIBS;SOURCES;TESTS;TEST_DEPS;TEST_LIBS;SUPPORT;LABELS" ${ARGN})
  string(REPLACE "/" "_" target ${ROOM_NAME})
  add_library(cf_${target} STATIC ${ROOM_SOURCES})
  add_library(cf::${target} ALIAS cf_${target})
  target_include_directories(cf_${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(cf_${target} PRIVATE ${ROOM_LIBS})
  cloudfolio_target_options(cf_${target})
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
    cloudfolio_target_options(cf_${target}_testing)
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
# go to build/<preset>/test-results/<name>.json, from which `./dev test` counts the cases.
function(cloudfolio_test)
  cmake_parse_arguments(TEST "" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  string(REPLACE "/" "_" target ${TEST_NAME})
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 600)
  endif()
  add_executable(${target}_test ${TEST_SOURCES})
  target_link_libraries(${target}_test PRIVATE ${TEST_LIBS} GTest::gtest GTest::gtest_main)
  cloudfolio_target_options(${target}_test)
  add_test(NAME ${TEST_NAME} COMMAND ${target}_test
           --gtest_output=json:${CMAKE_BINARY_DIR}/test-results/${target}.json)
  set_tests_properties(${TEST_NAME} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT}
    ENVIRONMENT "CLOUDFOLIO_SOURCE_DIR=${PROJECT_SOURCE_DIR};CLOUDFOLIO_BUILD_DIR=${CMAKE_BINARY_DIR}")
endfunction()
