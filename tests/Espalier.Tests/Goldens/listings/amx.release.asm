0000  tilerelease
0005  ret
