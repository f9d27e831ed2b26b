0000  vmovdqu16 zmm1, [0x37]
000a  vmovups zmm0, [rsi]
0010  vcvtne2ps2bf16 zmm0, zmm0, [rdi]
0016  vpermw zmm0, zmm1, zmm0
001c  vmovdqu32 [rcx], zmm0
0022  add rdi, 0x40
0026  add rsi, 0x40
002a  add rcx, 0x40
002e  dec rdx
0031  jne short 0x000000000000000A
0033  vzeroupper
0036  ret
