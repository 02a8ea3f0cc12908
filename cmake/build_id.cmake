# Writes OUT: weir::app::build_id(), the commit this program was built from: ID if it is given, for builds outside a git
# checkout, else that of the checkout, else "unknown". Run at build time; the file is touched only when the commit changes.
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit RESULT_VARIABLE failed
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(ID)
  set(commit ${ID})
elseif(failed OR NOT EXISTS ${SOURCE}/.git)
  set(commit unknown)
endif()
set(text "#include \"app/version.h\"\n\nnamespace weir::app {\nconst char* build_id() { return \"${commit}\"; }\n}\n")
set(before "")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
