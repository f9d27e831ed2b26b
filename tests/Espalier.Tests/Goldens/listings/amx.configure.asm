0000  ldtilecfg [rdi]
0005  ret
