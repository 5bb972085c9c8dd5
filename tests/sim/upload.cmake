tarn_test(sim_upload_faults_test LABEL sim SOURCES upload_faults_test.cpp USES upload TIMEOUT 900)
tarn_test(sim_upload_flow_test LABEL sim SOURCES upload_flow_test.cpp USES upload TIMEOUT 900)
tarn_test(sim_slow_servers_test LABEL sim SOURCES slow_servers_test.cpp USES upload download)
tarn_test(sim_virtual_network_test LABEL sim SOURCES virtual_network_test.cpp USES upload download)
