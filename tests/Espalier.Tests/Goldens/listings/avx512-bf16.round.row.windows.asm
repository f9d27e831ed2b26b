0000  vmovups zmm0, [rcx+0x40]
0007  vcvtne2ps2bf16 zmm0, zmm0, [rcx]
000d  vmovdqu32 [r8], zmm0
0013  add rcx, 0x80
001a  add r8, 0x40
001e  dec rdx
0021  jne short 0
0023  vzeroupper
0026  ret
