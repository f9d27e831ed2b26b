0000  vmovups zmm0, [rdi+0x40]
0007  vcvtne2ps2bf16 zmm0, zmm0, [rdi]
000d  vmovdqu32 [rdx], zmm0
0013  add rdi, 0x80
001a  add rdx, 0x40
001e  dec rsi
0021  jne short 0
0023  vzeroupper
0026  ret
