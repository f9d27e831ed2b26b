0000  push rbx
0001  mov rax, rdi
0004  tilezero tmm0
0009  mov rdx, [rax]
000c  mov r9, [rax+0x18]
0010  mov r10, [rax+0x20]
0014  mov r11d, 0x40
001a  mov rbx, [rax+0x28]
001e  tileloadd tmm7, [r10+r11]
0024  tileloadd tmm4, [rdx+r9]
002a  tdpbusd tmm0, tmm4, tmm7
002f  add rdx, 0x40
0033  add r10, 0x400
003a  dec rbx
003d  jne short 0x000000000000001E
003f  mov rcx, [rax+0x30]
0043  mov edx, 0x80
0048  tilestored [rcx+rdx], tmm0
004e  pop rbx
004f  ret
