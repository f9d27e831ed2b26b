0000  mov rax, rdi
0003  mov rdx, [rax]
0006  mov r8, [rax+0x18]
000a  lea rcx, [r8+r8*2]
000e  add rcx, rdx
0011  mov r9, [rax+0x20]
0015  mov r10, [rax+0x28]
0019  mov r11, [rax+0x30]
001d  vpxor ymm4, ymm4, ymm4
0021  vpxor ymm5, ymm5, ymm5
0025  vmovdqu ymm0, [r9]
002a  vmovdqu ymm1, [r9+0x20]
0030  vpbroadcastd ymm2, [rdx]
0035  vpdpbusd ymm4, ymm2, ymm0
003a  vpdpbusd ymm5, ymm2, ymm1
003f  add r9, 0x80
0046  add rdx, 4
004a  add rcx, 4
004e  dec r10
0051  jne short 0x0000000000000025
0053  vmovdqu [r11], ymm4
0058  vmovdqu [r11+0x20], ymm5
005e  vzeroupper
0061  ret
