0000  xor ecx, ecx
0002  xgetbv
0005  shl rdx, 0x20
0009  or rax, rdx
000c  ret
