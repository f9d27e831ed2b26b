0000  push rbx
0001  mov rax, rdi
0004  tilezero tmm0
0009  tilezero tmm1
000e  tilezero tmm2
0013  tilezero tmm3
0018  mov rdx, [rax]
001b  mov rcx, [rax+8]
001f  mov r9, [rax+0x18]
0023  mov r10, [rax+0x20]
0027  mov r11d, 0x80
002d  mov rbx, [rax+0x28]
0031  tileloadd tmm7, [r10+r11]
0037  tileloadd tmm4, [rdx+r9]
003d  tdpbusd tmm0, tmm4, tmm7
0042  tileloadd tmm5, [rcx+r9]
0048  tdpbusd tmm2, tmm5, tmm7
004d  tileloadd tmm7, [r10+r11+0x40]
0054  tdpbusd tmm3, tmm5, tmm7
0059  tdpbusd tmm1, tmm4, tmm7
005e  add rdx, 0x40
0062  add rcx, 0x40
0066  add r10, 0x800
006d  dec rbx
0070  jne short 0x0000000000000031
0072  mov rcx, [rax+0x30]
0076  mov edx, 0x80
007b  tilestored [rcx+rdx], tmm0
0081  tilestored [rcx+rdx+0x40], tmm1
0088  tilestored [rcx+rdx+0x800], tmm2
0092  tilestored [rcx+rdx+0x840], tmm3
009c  pop rbx
009d  ret
