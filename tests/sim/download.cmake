tarn_test(download_faults_test LABEL sim SOURCES ${CMAKE_CURRENT_LIST_DIR}/download_faults_test.cpp
    USES download storage grid async formats caps erasure crypto foundation)
tarn_test(download_resume_test LABEL sim SOURCES ${CMAKE_CURRENT_LIST_DIR}/download_resume_test.cpp
    USES download storage grid async formats caps erasure crypto foundation)
